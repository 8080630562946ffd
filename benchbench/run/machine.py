"""Which device runs the stages, and how many workers with how many threads."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.data.model_files import weight_names

SMALL_MODEL_BYTES = 100 * 2**20
"""Weights up to this size are too small for two threads to pay: one single-threaded worker per core is faster."""


@dataclass(frozen=True)
class Machine:
    """How stages run here."""

    device: str
    workers: int
    threads: int
    """CPU threads per worker."""


def choose_machine(device: str, workers: int | None, models: Iterable[tuple[str | None, Any]]) -> Machine:
    """The device asked for, and sensible workers for it.

    Args:
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        workers: as asked for, or none to decide here.
        models: (weights folder or none, configuration or none) of every model in the plan.

    Raises:
        BenchError: CUDA was asked for and there is none, or a device or number of workers that is none.
    """
    if workers is not None and workers < 1:
        raise BenchError(f"--workers: expected 1 or more, got {workers}")
    name = _device(device)
    cores = len(os.sched_getaffinity(0))
    if name.startswith("cuda"):
        return Machine(name, workers or 1, max(1, cores // (workers or 1)))
    small = all(_bytes(folder, config) <= SMALL_MODEL_BYTES for folder, config in models)
    count = workers or (cores if small else 1)
    # the number of threads moves sums in their last digits: for a small model it never depends on --workers
    return Machine(name, count, 1 if small else max(1, cores // count))


def _device(asked: str) -> str:
    kind, _, index = asked.partition(":")
    if kind not in ("auto", "cpu", "cuda") or (index and not (kind == "cuda" and index.isdigit())):
        raise BenchError(f"--device: expected auto, cpu, cuda or cuda:N, got '{asked}'")
    if kind == "cpu":
        return "cpu"
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "auto":
        return "cuda" if count else "cpu"
    if int(index or 0) >= count:
        raise BenchError(
            f"--device {asked}: this machine has {count or 'no'} CUDA device{'s' if count > 1 else ''} that torch "
            f"{torch.__version__} can use; leave --device out to run on what there is, or use --device cpu"
        )
    return asked


def _bytes(folder: str | None, config: Any) -> int:
    """Size of the weights in float32, from files or from a configuration's widths."""
    if folder is not None:
        weights = (Path(folder) / name for name in weight_names(Path(folder)))
        return sum(path.stat().st_size for path in weights if path.is_file())
    width, layers = config.get("hidden_size", 1024), config.get("num_hidden_layers", 24)
    return 4 * (12 * layers * width**2 + 2 * config.get("vocab_size", 50_000) * width)
