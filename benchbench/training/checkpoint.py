"""Resumable state of a training run: weights, optimizer, random streams, position; one safetensors file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from benchbench.core.input import Moving

_CPU_RNG, _CUDA_RNG = "rng.cpu", "rng.cuda"
_MOVING = "moving"
"""Beginning of the names of what goes along with the steps."""
_STATE, _DRAFT = "state.safetensors", "draft.safetensors"


class DamagedCheckpointError(Exception):
    """A checkpoint that cannot be read."""


@dataclass(frozen=True)
class Position:
    """Where a run stands."""

    step: int
    """Optimizer steps done."""
    tokens: int
    """Tokens seen, padding left out."""
    seconds: float = 0.0
    """Wall time of training up to here, all attempts together."""


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that training changes, by name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def save_checkpoint(
    folder: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    position: Position,
    moving: Mapping[str, Moving] | None = None,
) -> None:
    """Replace the checkpoint by the present state in one step; at every moment a whole one is there."""
    tensors: dict[str, Tensor] = {f"model.{n}": p.detach().contiguous() for n, p in trainable(model).items()}
    names = {id(p): n for n, p in trainable(model).items()}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            for key, value in optimizer.state[parameter].items():
                tensors[f"optimizer.{key}.{names[id(parameter)]}"] = torch.as_tensor(value).detach().contiguous()
    for owner, each in (moving or {}).items():
        tensors |= {f"{_MOVING}.{owner}.{name}": value.detach().contiguous() for name, value in each.state().items()}
    tensors[_CPU_RNG] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors[_CUDA_RNG] = torch.cuda.get_rng_state()
    folder.mkdir(parents=True, exist_ok=True)
    place = {name: str(value) for name, value in asdict(position).items()}
    save_file({k: v.cpu().clone() for k, v in tensors.items()}, folder / _DRAFT, metadata=place)
    (folder / _DRAFT).replace(folder / _STATE)


def load_checkpoint(
    folder: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    moving: Mapping[str, Moving] | None = None,
) -> Position | None:
    """Restore the checkpoint of a folder into model, optimizer and random streams; none if there is none."""
    path = folder / _STATE
    if not path.is_file():
        return None
    tensors = load_file(path)
    named = trainable(model)
    with torch.no_grad():
        for name, parameter in named.items():
            parameter.copy_(tensors[f"model.{name}"])
    for name, parameter in named.items():
        state: dict[str, Any] = {}
        for key, tensor in tensors.items():
            kind, _, rest = key.partition(".")
            field, _, owner = rest.partition(".")
            if kind == "optimizer" and owner == name:
                # the fused kernel keeps its step counter on the parameter's device, like the moments
                state[field] = tensor.to(parameter.device)
        if state:
            optimizer.state[parameter] = state
    for owner, each in (moving or {}).items():
        begin = f"{_MOVING}.{owner}."
        each.restore({name.removeprefix(begin): value for name, value in tensors.items() if name.startswith(begin)})
    torch.set_rng_state(tensors[_CPU_RNG])
    if torch.cuda.is_available() and _CUDA_RNG in tensors:
        torch.cuda.set_rng_state(tensors[_CUDA_RNG])
    return read_position(folder)


def read_position(folder: Path) -> Position | None:
    """Where the run of a checkpoint stands; none if there is no checkpoint.

    Raises:
        DamagedCheckpointError: the file cannot be read, or is none of ours.
    """
    path = folder / _STATE
    if not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            place = file.metadata()
        return Position(int(place["step"]), int(place["tokens"]), float(place.get("seconds", 0.0)))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise DamagedCheckpointError(" ".join(str(error).split())) from None
