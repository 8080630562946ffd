"""Resumable state of a training run: weights, optimizer, random streams, position. Safetensors and JSON only."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from benchbench.store.files import whole_folder

_CPU_RNG, _CUDA_RNG = "rng.cpu", "rng.cuda"


@dataclass(frozen=True)
class Position:
    """Where a run stands."""

    step: int
    """Optimizer steps done."""
    tokens: int
    """Tokens seen, padding left out."""


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that training changes, by name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def save_checkpoint(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, position: Position) -> None:
    """Replace the checkpoint by the present state; an older one stays until the new one is whole."""
    tensors: dict[str, Tensor] = {f"model.{n}": p.detach().contiguous() for n, p in trainable(model).items()}
    names = {id(p): n for n, p in trainable(model).items()}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            for key, value in optimizer.state[parameter].items():
                tensors[f"optimizer.{key}.{names[id(parameter)]}"] = torch.as_tensor(value).detach().contiguous()
    tensors[_CPU_RNG] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors[_CUDA_RNG] = torch.cuda.get_rng_state()
    with whole_folder(folder) as draft:
        save_file({k: v.cpu().clone() for k, v in tensors.items()}, draft / "state.safetensors")
        state = {"step": position.step, "tokens": position.tokens}
        (draft / "position.json").write_text(json.dumps(state) + "\n", encoding="utf-8")


def load_checkpoint(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> Position | None:
    """Restore the checkpoint of a folder into model, optimizer and random streams; none if there is none."""
    if not (folder / "position.json").is_file():
        return None
    tensors = load_file(folder / "state.safetensors")
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
    torch.set_rng_state(tensors[_CPU_RNG])
    if torch.cuda.is_available() and _CUDA_RNG in tensors:
        torch.cuda.set_rng_state(tensors[_CUDA_RNG])
    values = json.loads((folder / "position.json").read_text(encoding="utf-8"))
    return Position(step=values["step"], tokens=values["tokens"])


def remove_checkpoint(folder: Path) -> None:
    """Drop the checkpoint of a finished run."""
    shutil.rmtree(folder, ignore_errors=True)
