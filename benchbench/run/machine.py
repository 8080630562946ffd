"""The devices of this machine: which of them run the stages, with how many threads, behind which executor."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.data.model_files import weight_names
from benchbench.run.executor import Executor
from benchbench.run.local import LocalExecutor

SMALL_MODEL_BYTES = 100 * 2**20
"""Weights up to this size are too small for two threads to pay: one single-threaded worker per core is faster."""

DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]+)?")
"""What `--device` may say."""


@dataclass(frozen=True)
class Machine:
    """How stages run here."""

    devices: tuple[str, ...]
    """One for each worker: `cpu`, which all share, or cards, which none shares, by torch's index."""
    threads: int
    """CPU threads per worker."""

    @property
    def workers(self) -> int:
        """How many stages run side by side."""
        return len(self.devices)

    @property
    def device_kind(self) -> str:
        """`cpu` or `cuda`."""
        return self.devices[0].split(":")[0]

    @property
    def device_names(self) -> str:
        """Every device once, for people."""
        return ", ".join(dict.fromkeys(self.devices))


def open_executor(machine: Machine, root: Path) -> Executor:
    """What runs stages on the machine; nothing starts yet.

    Args:
        machine: of `choose_machine`.
        root: the `runs/` folder.
    """
    return LocalExecutor(root, machine.devices, threads=machine.threads)


def cuda_card_count() -> int:
    """CUDA devices that torch can use; CUDA_VISIBLE_DEVICES and MIG have their say in it. Imports torch."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def choose_machine(
    device: str,
    workers: int | None,
    models: Iterable[tuple[str | None, Any]],
    *,
    card_count: Callable[[], int] = cuda_card_count,
) -> Machine:
    """The devices asked for, and sensible workers for them.

    Args:
        device: `auto`, `cpu`, `cuda` (every card that torch sees) or `cuda:N` (that one alone).
        workers: as asked for, or none to decide here.
        models: (weights folder or none, configuration or none) of every model in the plan.
        card_count: how many CUDA devices there are; called only where one may be taken.

    Raises:
        BenchError: CUDA was asked for and there is none; a device or number of workers that is none; more workers
            than cards.
    """
    if workers is not None and workers < 1:
        raise BenchError(f"--workers: expected 1 or more, got {workers}")
    if not DEVICE.fullmatch(device):
        raise BenchError(f"--device: expected auto, cpu, cuda or cuda:N, got '{device}'")
    cards = () if device == "cpu" else _cards(device, card_count())
    cores = len(os.sched_getaffinity(0))
    if cards:
        used = _one_each(cards, workers)
        return Machine(used, max(1, cores // len(used)))
    small = all(_bytes(folder, config) <= SMALL_MODEL_BYTES for folder, config in models)
    count = workers or (cores if small else 1)
    # the number of threads moves sums in their last digits: for a small model it never depends on --workers
    return Machine(("cpu",) * count, 1 if small else max(1, cores // count))


def _cards(device: str, count: int) -> tuple[str, ...]:
    """Those of so many cards that `auto`, `cuda` or `cuda:N` means; none for `auto` where there are none."""
    index = int(device.partition(":")[2] or 0)
    if device != "auto" and index >= count:
        import torch

        raise BenchError(
            f"--device {device}: this machine has {count or 'no'} CUDA device{'s' if count > 1 else ''} that torch "
            f"{torch.__version__} can use; leave --device out to run on what there is, or use --device cpu"
        )
    return (f"cuda:{index}",) if ":" in device else tuple(f"cuda:{number}" for number in range(count))


def _one_each(cards: tuple[str, ...], workers: int | None) -> tuple[str, ...]:
    """The cards of so many workers: the first ones, and never two workers on one."""
    if workers is not None and workers > len(cards):
        only = f"only {cards[0]}" if len(cards) == 1 else f"the {len(cards)} cards {cards[0]} to {cards[-1]}"
        raise BenchError(
            f"--workers: expected at most {len(cards)}, one for each CUDA device ({only}), since workers that share a "
            f"card run out of its memory; got {workers}; ask for {len(cards)} or fewer, or leave --workers out"
        )
    return cards[:workers]


def _bytes(folder: str | None, config: Any) -> int:
    """Size of the weights in float32, from files or from a configuration's widths."""
    if folder is not None:
        weights = (Path(folder) / name for name in weight_names(Path(folder)))
        return sum(path.stat().st_size for path in weights if path.is_file())
    width, layers = config.get("hidden_size", 1024), config.get("num_hidden_layers", 24)
    return 4 * (12 * layers * width**2 + 2 * config.get("vocab_size", 50_000) * width)
