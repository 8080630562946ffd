"""Resumable state of a training run: weights, optimizer, random streams, position; safetensors files.

One process writes one file, and so does the first of several that all have the whole model: it has all there is to
write, and the others' part in it would be to send the same again. Processes that share layers write a folder together
(`training.checkpoint_parts`). Any number of processes goes on from either, with layers shared and without.

The newest two are kept. Each says what it holds by checksums over its tensors and its position, so that one that was
cut short or has another bit is not gone on from: the one before takes its place.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from benchbench.core.hashing import canonical
from benchbench.core.input import Moving
from benchbench.store.drafts import draft_prefix
from benchbench.store.files import written
from benchbench.training.checkpoint_parts import FOLDER, position_of_parts, read_parts, write_parts
from benchbench.training.position import DamagedCheckpointError, Position, position_in
from benchbench.training.ranks import ALONE, Ranks
from benchbench.training.sharding import part_like

_CPU_RNG, _CUDA_RNG = "rng.cpu", "rng.cuda"
_MOVING = "moving"
"""Beginning of the names of what goes along with the steps."""
STATE, BEFORE = "state.safetensors", "before.safetensors"
"""The newest checkpoint that is a file, and the one before it."""
KEPT = 2
"""How many there are at most, so that one is left where another is damaged."""
_CHECKSUM = "sha256"


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

    All processes call this at the same place.
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
    if ranks.shards:
        write_parts(folder, tensors, position, ranks)
    elif ranks.is_first:
        _write_file(folder, {name: tensor.cpu().clone() for name, tensor in tensors.items()}, position)
    if ranks.is_first:
        for path in checkpoints(folder)[KEPT:]:
            discard(path)


def _write_file(folder: Path, tensors: Mapping[str, Tensor], position: Position) -> None:
    place = position.as_text()
    with written(folder / STATE) as draft:
        save_file(dict(tensors), draft, metadata={**place, _CHECKSUM: _checksum(tensors, place)})
        with suppress(FileNotFoundError):  # the first has none before it
            os.replace(folder / STATE, folder / BEFORE)


def checkpoints(folder: Path) -> list[Path]:
    """The files and folders of a folder that may be gone on from, the newest first."""
    files = [path for path in (folder / STATE, folder / BEFORE) if path.is_file()]
    shared = [path for path in folder.glob("step-*") if FOLDER.fullmatch(path.name) and path.is_dir()]
    return sorted([*files, *shared], key=_step_of, reverse=True) if shared else files


def discard(path: Path) -> None:
    """Remove a checkpoint; of a folder nothing is left under its name at any moment that is not whole."""
    if path.is_dir():
        holder = Path(tempfile.mkdtemp(dir=path.parent, prefix=draft_prefix(path)))
        path.rename(holder / path.name)
        shutil.rmtree(holder)
    else:
        path.unlink(missing_ok=True)


def _step_of(path: Path) -> float:
    """After how many steps a checkpoint was written; a file that does not say so is looked at first, and set aside."""
    if match := FOLDER.fullmatch(path.name):
        return int(match[1])
    try:
        with safe_open(path, "pt") as file:
            return int(file.metadata()["step"])
    except (SafetensorError, OSError, TypeError, ValueError, KeyError):
        return math.inf


def load_checkpoint(
    folder: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    moving: Mapping[str, Moving] | None = None,
    ranks: Ranks = ALONE,
) -> Position | None:
    """Restore the newest checkpoint of a folder into model, optimizer and random streams; none if there is none.

    Raises:
        DamagedCheckpointError: it is not as it was written.
    """
    newest = ranks.from_first(lambda: next((each.name for each in checkpoints(folder)), None))
    if newest is None:
        return None
    path, named = folder / newest, trainable(model)
    tensors, position = read_parts(path, partial(_place, named), ranks) if path.is_dir() else _read(path)
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


def _place(named: Mapping[str, nn.Parameter], name: str, size: torch.Size, dtype: torch.dtype) -> Tensor:
    """Where a tensor of a checkpoint goes: weights and moments to the process that holds their part."""
    kind, _, rest = name.partition(".")
    owner = named.get(rest if kind == "model" else rest.partition(".")[2])
    if owner is None or owner.shape != size or kind not in ("model", "optimizer"):
        return torch.empty(size, dtype=dtype)
    return owner.detach() if kind == "model" else torch.empty_like(owner.detach(), dtype=dtype)


def read_position(folder: Path) -> Position | None:
    """Where the run of the newest checkpoint of a folder stands; none if there is no checkpoint.

    Raises:
        DamagedCheckpointError: it is not as it was written.
    """
    path = next(iter(checkpoints(folder)), None)
    return None if path is None else position_of(path)


def position_of(path: Path) -> Position:
    """Where the run of one checkpoint stands; all of it is read.

    Raises:
        DamagedCheckpointError: it is not as it was written.
    """
    return position_of_parts(path) if path.is_dir() else _read(path)[1]


def _read(path: Path) -> tuple[dict[str, Tensor], Position]:
    try:
        with safe_open(path, "pt") as file:
            place = dict(file.metadata() or {})
        tensors = load_file(path)
        recorded = place.pop(_CHECKSUM)
        if (present := _checksum(tensors, place)) != recorded:
            raise DamagedCheckpointError(f"has the content {present[:12]}, was written as {recorded[:12]}")
        return tensors, position_in(place)
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
