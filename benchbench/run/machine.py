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
from benchbench.run.executor import ROUNDING, Executor
from benchbench.run.launched import AT_WORK, LaunchedExecutor
from benchbench.run.local import LocalExecutor
from benchbench.run.ray import ADDRESS, RayExecutor, require_ray
from benchbench.run.torchrun import TorchrunExecutor

SMALL_MODEL_BYTES = 100 * 2**20
"""Weights up to this size are too small for two threads to pay: one single-threaded worker per core is faster."""

DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]+)?")
"""What `--device` may say."""
AUTO, LOCAL, TORCHRUN, RAY = EXECUTORS = ("auto", "local", "torchrun", "ray")
"""What `--executor` may say: `local` unless memory says otherwise (`commands.executor_choice`), each stage in one
process, trainings in several, or each in one on a cluster."""


@dataclass(frozen=True)
class Machine:
    """How stages run here."""

    devices: tuple[str, ...]
    """One for each process: `cpu`, which all share, or cards by torch's index, the same one again where processes share
    it (`device_share`)."""
    threads: int
    """CPU threads per process."""
    executor: str = LOCAL
    """One of `EXECUTORS`."""
    world_size: int = 1
    """Processes that train a stage together."""
    shards: bool = False
    """Whether each of them keeps only its part of every decoder layer."""
    device_share: float = 1.0
    """Part of a card that each process has."""

    @property
    def workers(self) -> int:
        """How many stages run side by side."""
        return len(self.devices) // self.world_size

    @property
    def places(self) -> list[tuple[str, ...]]:
        """The devices of each stage that runs beside others."""
        size = self.world_size
        return [self.devices[start : start + size] for start in range(0, len(self.devices), size)]

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
    if machine.executor == TORCHRUN and _launched():
        return LaunchedExecutor(root, machine.devices, threads=machine.threads, shards=machine.shards)
    if machine.executor == TORCHRUN:
        return TorchrunExecutor(root, machine.places, threads=machine.threads, shards=machine.shards)
    if machine.executor == RAY:
        return RayExecutor(root, machine.devices, threads=machine.threads)
    return LocalExecutor(root, machine.devices, threads=machine.threads)


def _launched() -> int:
    """Processes of the group that this command is the first of; 0 where nobody launched one."""
    return int(os.environ.get(AT_WORK, 0))


def cuda_card_count() -> int:
    """CUDA devices that torch can use; CUDA_VISIBLE_DEVICES and MIG have their say in it. Imports torch."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def choose_machine(
    device: str,
    workers: int | None,
    models: Iterable[tuple[str | None, Any]],
    *,
    executor: str = LOCAL,
    world_size: int | None = None,
    shards: bool = False,
    device_share: float = 1.0,
    card_count: Callable[[], int] = cuda_card_count,
) -> Machine:
    """The devices asked for, and sensible workers for them.

    Args:
        device: `auto`, `cpu`, `cuda` (every card that torch sees) or `cuda:N` (that one alone).
        workers: as asked for, or none to decide here.
        models: (weights folder or none, configuration or none) of every model in the plan.
        executor: one of `EXECUTORS`.
        world_size: processes that train a stage together, as asked for; none for one on each card.
        shards: whether they share decoder layers.
        device_share: part of a card that each stage takes, above 0 and at most 1.
        card_count: how many CUDA devices there are; called only where one may be taken.

    Raises:
        BenchError: a device, an executor or a number that is none, or is not here; what does not go together.
    """
    executor = LOCAL if executor == AUTO else executor
    _require_executor(executor, world_size, shards=shards)
    if executor == TORCHRUN and (launched := _launched()):
        return _of_launched(launched, device, workers, world_size, models, shards=shards, card_count=card_count)
    if executor == RAY:
        require_ray()
    _require_share(device_share, executor)
    if workers is not None and workers < 1:
        raise BenchError(f"--workers: expected 1 or more, got {workers}")
    if not DEVICE.fullmatch(device):
        raise BenchError(f"--device: expected auto, cpu, cuda or cuda:N, got '{device}'")
    if executor == RAY and (":" in device or os.environ.get(ADDRESS)):
        return _of_cluster(device, workers, small=_are_small(models))
    cards = () if device == "cpu" else _cards(device, card_count())
    cores = len(os.sched_getaffinity(0))
    if cards and executor == TORCHRUN:
        used, world = _several_each(cards, workers, world_size)
        _require_several(world, shards=shards)
        return Machine(used, max(1, cores // len(used)), executor, world, shards)
    if cards:
        used = _one_each(cards, workers) if device_share == 1 else _parts(cards, workers, device_share)
        return Machine(used, max(1, cores // len(used)), executor, device_share=device_share)
    if device_share != 1:
        raise BenchError(
            "--device-share: expected cards whose memory stages divide, found none; a processor is shared by all "
            "workers anyway: leave --device-share out, and say with --workers how many there are"
        )
    small = _are_small(models)
    if executor == TORCHRUN:
        if world_size is None:
            raise BenchError(
                "--world-size: required with --executor torchrun where there are no cards, not given; say how many "
                "processes train a stage together"
            )
        _require_several(world_size, shards=shards)
        count = (workers or 1) * world_size
        return Machine(("cpu",) * count, 1 if small else max(1, cores // count), executor, world_size, shards)
    count = workers or (cores if small else 1)
    # the number of threads moves sums in their last digits: for a small model it never depends on --workers
    return Machine(("cpu",) * count, 1 if small else max(1, cores // count), executor)


def _of_cluster(device: str, workers: int | None, *, small: bool) -> Machine:
    """The places of a cluster, which knows by itself what its hosts have."""
    if ":" in device:
        raise BenchError(
            f"--device: expected auto, cpu or cuda with --executor {RAY}, which gives out cards itself, got "
            f"'{device}'; narrow the cards of a host with CUDA_VISIBLE_DEVICES"
        )
    if workers is None or device == "auto":
        raise BenchError(
            f"--workers, --device: expected both with {ADDRESS}, since this machine does not say what the cluster has; "
            "say how many stages run at once there, and whether on cpu or cuda"
        )
    if device == "cpu":
        return Machine(("cpu",) * workers, 1 if small else len(os.sched_getaffinity(0)), RAY)
    return Machine(tuple(f"cuda:{number}" for number in range(workers)), 1, RAY)


def _require_executor(executor: str, world_size: int | None, *, shards: bool) -> None:
    if executor not in EXECUTORS:
        raise BenchError(f"--executor: expected {', '.join(EXECUTORS[:-1])} or {EXECUTORS[-1]}, got '{executor}'")
    if executor != TORCHRUN and (world_size is not None or shards):
        option = "--shard-layers" if world_size is None else "--world-size"
        raise BenchError(
            f"{option}: expected --executor torchrun beside it, found {executor}, which trains each stage in one "
            f"process; add --executor torchrun, or leave {option} out"
        )
    if world_size is not None and world_size < 1:
        raise BenchError(f"--world-size: expected 1 or more, got {world_size}")


def _of_launched(
    world: int,
    device: str,
    workers: int | None,
    world_size: int | None,
    models: Iterable[tuple[str | None, Any]],
    *,
    shards: bool,
    card_count: Callable[[], int],
) -> Machine:
    """All processes that were launched, for one stage at a time: each on the card with its number on its host."""
    if (workers or 1) != 1 or (world_size or world) != world:
        raise BenchError(
            f"--workers, --world-size: expected nothing, or 1 and {world}: {world} processes were launched, which run "
            f"one stage at a time; got {workers} and {world_size}"
        )
    _require_several(world, shards=shards)
    cores = len(os.sched_getaffinity(0)) // max(1, int(os.environ.get("LOCAL_WORLD_SIZE", world)))
    if device == "cpu" or (device == "auto" and not card_count()):
        return Machine(("cpu",) * world, 1 if _are_small(models) else max(1, cores), TORCHRUN, world, shards)
    return Machine(tuple(f"cuda:{number}" for number in range(world)), max(1, cores), TORCHRUN, world, shards)


def _require_share(device_share: float, executor: str) -> None:
    if not 0 < device_share <= 1:
        raise BenchError(
            f"--device-share: expected a part of a card, above 0 and at most 1, such as 0.25 for four stages on each, "
            f"got {device_share:g}"
        )
    if device_share != 1 and executor != LOCAL:
        raise BenchError(
            f"--device-share: expected --executor {LOCAL}, where stages may share a card, found {executor}, where each "
            "process of a training has one to itself; leave one of the two out"
        )


def _require_several(world: int, *, shards: bool) -> None:
    if shards and world == 1:
        raise BenchError(
            "--shard-layers: expected two or more processes that train a stage together and share its layers, found 1; "
            "ask for more with --world-size, or leave --shard-layers out"
        )


def _several_each(cards: tuple[str, ...], workers: int | None, world_size: int | None) -> tuple[tuple[str, ...], int]:
    """The cards of so many stages side by side with so many processes each, and these processes' number."""
    world = world_size or max(1, len(cards) // (workers or 1))
    stages = workers or max(1, len(cards) // world)
    if stages * world > len(cards):
        raise BenchError(
            f"--world-size: expected at most {len(cards)} processes in all, one for each CUDA device, got {stages} "
            f"x {world}; ask for fewer, or leave --world-size and --workers out"
        )
    return cards[: stages * world], world


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


def _parts(cards: tuple[str, ...], workers: int | None, device_share: float) -> tuple[str, ...]:
    """The card of each of so many workers that have a part of one: one on every card, then a second on each."""
    each = int(1 / device_share + ROUNDING)
    most = each * len(cards)
    if workers is not None and workers > most:
        raise BenchError(
            f"--workers: expected at most {most}, {each} on each of {len(cards)} CUDA device"
            f"{'s' if len(cards) > 1 else ''} with --device-share {device_share:g}; got {workers}; ask for fewer, or "
            "for smaller parts"
        )
    return (cards * each)[:workers]


def _are_small(models: Iterable[tuple[str | None, Any]]) -> bool:
    """Whether all of them are too small for a second thread."""
    return all(_bytes(folder, config) <= SMALL_MODEL_BYTES for folder, config in models)


def _bytes(folder: str | None, config: Any) -> int:
    """Size of the weights in float32, from files or from a configuration's widths."""
    if folder is not None:
        weights = (Path(folder) / name for name in weight_names(Path(folder)))
        return sum(path.stat().st_size for path in weights if path.is_file())
    width, layers = config.get("hidden_size", 1024), config.get("num_hidden_layers", 24)
    return 4 * (12 * layers * width**2 + 2 * config.get("vocab_size", 50_000) * width)
