"""Resumable state of a training run: weights, optimizer, random streams, position; one safetensors file.

The newest two are kept. Each says what it holds by a checksum over its tensors and its position, so that one that was
cut short or has another bit is not gone on from: the one before takes its place.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from benchbench.core.hashing import canonical
from benchbench.core.input import Moving
from benchbench.store.files import written
from benchbench.training.ranks import ALONE, Ranks
from benchbench.training.sharding import part_like, whole

_CPU_RNG, _CUDA_RNG = "rng.cpu", "rng.cuda"
_MOVING = "moving"
"""Beginning of the names of what goes along with the steps."""
STATE, BEFORE = "state.safetensors", "before.safetensors"
"""The newest checkpoint, and the one before it."""
_CHECKSUM = "sha256"


class DamagedCheckpointError(Exception):
    """A checkpoint that cannot be read, or is not as it was written."""


@dataclass(frozen=True)
class Position:
    """Where a run stands."""

    step: int
    """Optimizer steps done."""
    tokens: int
    """Tokens seen, padding left out."""
    seconds: float = 0.0
    """Wall time of training up to here, all attempts together."""
    log_bytes: int = 0
    """Length of the training's log up to here."""
    log_sha256: str = sha256().hexdigest()
    """Of these bytes."""


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that training changes, by name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def _card(model: nn.Module) -> torch.device | None:
    """The card that a model is trained on; none where it is trained on a processor."""
    device = next(iter(trainable(model).values())).device
    return device if device.type == "cuda" else None


def save_checkpoint(
    folder: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    position: Position,
    moving: Mapping[str, Moving] | None = None,
    ranks: Ranks = ALONE,
) -> None:
    """Write the present state; the checkpoint before stays beside it, so that at every moment a whole one is there.

    Of several processes the first alone writes, and the others give it their parts of what it has not: what is written
    is the checkpoint of one process, which any number of them can go on from.
    """
    tensors: dict[str, Tensor] = {f"model.{n}": p.detach().contiguous() for n, p in trainable(model).items()}
    names = {id(p): n for n, p in trainable(model).items()}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            for key, value in optimizer.state[parameter].items():
                tensors[f"optimizer.{key}.{names[id(parameter)]}"] = torch.as_tensor(value).detach().contiguous()
    for owner, each in (moving or {}).items():
        tensors |= {f"{_MOVING}.{owner}.{name}": value.detach().contiguous() for name, value in each.state().items()}
    tensors[_CPU_RNG] = torch.get_rng_state()
    if (card := _card(model)) is not None:
        tensors[_CUDA_RNG] = torch.cuda.get_rng_state(card)
    if not ranks.is_first:
        for tensor in tensors.values():
            whole(tensor)
        return
    copies = {name: whole(tensor).cpu().clone() for name, tensor in tensors.items()}
    place = {name: str(value) for name, value in asdict(position).items()}
    with written(folder / STATE) as draft:
        save_file(copies, draft, metadata={**place, _CHECKSUM: _checksum(copies, place)})
        with suppress(FileNotFoundError):  # the first has none before it
            os.replace(folder / STATE, folder / BEFORE)


def checkpoints(folder: Path) -> list[Path]:
    """The files of a folder that may be gone on from, the newest first."""
    return [path for path in (folder / STATE, folder / BEFORE) if path.is_file()]


def load_checkpoint(
    folder: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    moving: Mapping[str, Moving] | None = None,
) -> Position | None:
    """Restore the newest checkpoint of a folder into model, optimizer and random streams; none if there is none.

    Raises:
        DamagedCheckpointError: it is not as it was written.
    """
    path = next(iter(checkpoints(folder)), None)
    if path is None:
        return None
    tensors, position = _read(path)
    named = trainable(model)
    with torch.no_grad():
        for name, parameter in named.items():
            parameter.copy_(part_like(tensors[f"model.{name}"], parameter))
    for name, parameter in named.items():
        state: dict[str, Any] = {}
        for key, tensor in tensors.items():
            kind, _, rest = key.partition(".")
            field, _, owner = rest.partition(".")
            if kind == "optimizer" and owner == name:
                # the fused kernel keeps its step counter on the parameter's device, like the moments
                state[field] = tensor.to(parameter.device)
                if tensor.shape == parameter.shape:  # moments; else a counter
                    state[field] = part_like(state[field], parameter)
        if state:
            optimizer.state[parameter] = state
    for owner, each in (moving or {}).items():
        begin = f"{_MOVING}.{owner}."
        each.restore({name.removeprefix(begin): value for name, value in tensors.items() if name.startswith(begin)})
    torch.set_rng_state(tensors[_CPU_RNG])
    if (card := _card(model)) is not None and _CUDA_RNG in tensors:
        torch.cuda.set_rng_state(tensors[_CUDA_RNG], card)
    return position


def read_position(folder: Path) -> Position | None:
    """Where the run of the newest checkpoint of a folder stands; none if there is no checkpoint.

    Raises:
        DamagedCheckpointError: it is not as it was written.
    """
    path = next(iter(checkpoints(folder)), None)
    return None if path is None else _read(path)[1]


def position_of(path: Path) -> Position:
    """Where the run of one checkpoint stands; the whole file is read.

    Raises:
        DamagedCheckpointError: it is not as it was written.
    """
    return _read(path)[1]


def _read(path: Path) -> tuple[dict[str, Tensor], Position]:
    try:
        with safe_open(path, "pt") as file:
            place = dict(file.metadata() or {})
        tensors = load_file(path)
        recorded = place.pop(_CHECKSUM)
        if (present := _checksum(tensors, place)) != recorded:
            raise DamagedCheckpointError(f"has the content {present[:12]}, was written as {recorded[:12]}")
        step, tokens, seconds = int(place["step"]), int(place["tokens"]), float(place["seconds"])
        return tensors, Position(step, tokens, seconds, int(place["log_bytes"]), place["log_sha256"])
    except KeyError as error:
        raise DamagedCheckpointError(f"has no {error.args[0]}") from None
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        raise DamagedCheckpointError(" ".join(str(error).split())) from None


def _checksum(tensors: Mapping[str, Tensor], place: Mapping[str, str]) -> str:
    """sha256 over position and tensors, whose bytes are hashed side by side: a checkpoint may have gigabytes."""
    names = sorted(tensors)
    with ThreadPoolExecutor(max_workers=torch.get_num_threads()) as pool:
        digests = pool.map(lambda name: _digest(tensors[name]), names)
        return sha256(canonical([dict(place), dict(zip(names, digests, strict=True))]).encode()).hexdigest()


def _digest(tensor: Tensor) -> str:
    digest = sha256(f"{tensor.dtype} {list(tensor.shape)} ".encode())
    digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
