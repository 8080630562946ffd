"""The executor of processes that torchrun or srun started, on one host or several: one group, which was there before.

The first process is that of the command; a worker of its own stands for it in the group. The others follow, and are
told over the group which stage runs. Where one of them ends or fails, who started them ends the others: a group that
was started from outside is not started again from inside.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from benchbench.core.errors import BenchError
from benchbench.core.records import StageSpec
from benchbench.run.executor import Slot, StageEvent, StageNeeds
from benchbench.run.host_versions import require_like_hosts, versions
from benchbench.run.local import LocalExecutor
from benchbench.run.ranked import lead
from benchbench.run.worker import begin_process

if TYPE_CHECKING:
    from benchbench.training.ranks import Ranks

_NAMES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""Variables by which torchrun tells a process its place; `docs/slurm.md` sets them from those of srun."""
AT_WORK = "BENCH_LAUNCHED"
"""Variable of a command that is the first process of such a group."""


@dataclass(frozen=True)
class LaunchedPlace:
    """A process's place in the group."""

    number: int
    """From 0, over all hosts."""
    world: int
    """How many there are, on all hosts."""
    local_number: int
    """From 0, on its host: its card."""

    def device(self, wanted: str, card_count: int) -> str:
        """Its device: the card with its number on the host, or the processor.

        Raises:
            BenchError: a device that says another thing, or more processes on this host than cards.
        """
        if wanted not in ("auto", "cpu", "cuda"):
            raise BenchError(
                f"--device: expected auto, cpu or cuda for processes that were launched, each on the card with its "
                f"number, got '{wanted}'"
            )
        if wanted == "cpu" or (wanted == "auto" and not card_count):
            return "cpu"
        if self.local_number >= card_count:
            raise BenchError(
                f"process {self.number} of {self.world}: expected a CUDA device of its own, found {card_count} on this "
                f"host for process {self.local_number} of it; start fewer on each host, or give --device cpu"
            )
        return f"cuda:{self.local_number}"


def launched_place(variables: Mapping[str, str] = os.environ) -> LaunchedPlace:
    """This process's place, from its environment.

    Raises:
        BenchError: it was not started as one of a group.
    """
    missing = [name for name in _NAMES if name not in variables]
    if missing:
        raise BenchError(
            f"benchbench.cli.launched: expected the variables of torchrun ({', '.join(_NAMES)}), found no "
            f"{', '.join(missing)}; start it with `torchrun -m benchbench.cli.launched`, or use `bench`"
        )
    number, world, local = (int(variables[name]) for name in _NAMES[:3])
    return LaunchedPlace(number, world, local)


class LaunchedExecutor:
    """One slot with the devices of all processes of the group this command is the first of."""

    has_begun: ClassVar[bool] = False
    """Whether the first process's worker was ever started, and so lets the others go in the end."""

    def __init__(self, root: Path, devices: Sequence[str], *, threads: int, shards: bool) -> None:
        """Nothing starts yet.

        Args:
            root: the `runs/` folder, which all hosts see at the same place.
            devices: of all processes, this command's first.
            threads: CPU threads of each process.
            shards: whether each of them keeps only its part of every decoder layer.
        """
        self._first = LocalExecutor(root, devices[:1], threads=threads, target=partial(lead_launched, shards))
        self._slot = Slot(0, tuple(devices))

    def slots(self) -> Sequence[Slot]:
        """The one slot."""
        return [self._slot]

    def submit(self, spec: StageSpec, needs: StageNeeds, slot: Slot) -> None:
        """Send a stage to the worker of the first process."""
        LaunchedExecutor.has_begun = True
        self._first.submit(spec, needs, self._first.slots()[0])

    def events(self, timeout: float) -> list[StageEvent]:
        """What the first process has to say."""
        return self._first.events(timeout)

    def stop(self, *, hard: bool) -> None:
        """Ask the first process for a checkpoint, which all write or miss together, or kill it."""
        self._first.stop(hard=hard)

    def close(self) -> None:
        """End the first process's worker, which lets the others go."""
        self._first.close()


def lead_launched(shards: bool, pipe: Connection, root: str, device: str, threads: int) -> None:
    """Serve stages as the first process of the group, until the pipe closes; then let the others go."""
    should_stop = begin_process(device, threads)
    from benchbench.training.ranks import joined_ranks

    place = launched_place()
    with joined_ranks(place.number, place.world, device=device, meeting=None, shards=shards) as ranks:
        try:
            refuse_unlike_hosts(ranks)
        except BenchError as error:  # the others say it, too, and end the group
            raise SystemExit(int(error.exit_code)) from None
        lead(
            pipe,
            Path(root),
            device,
            ranks,
            should_stop,
            begin=lambda values: ranks.from_first(lambda: (root, threads, shards, values)),
        )
        ranks.from_first(lambda: None)


def let_go_unused(device: str) -> None:
    """Join the group only to let the others go: the command has run no stage."""
    from benchbench.training.ranks import joined_ranks

    place = launched_place()
    with joined_ranks(place.number, place.world, device=device, meeting=None) as ranks:
        refuse_unlike_hosts(ranks)
        ranks.from_first(lambda: None)


def refuse_unlike_hosts(ranks: Ranks) -> None:
    """Return only if all processes have the versions of the first; each of them says why not.

    Raises:
        BenchError: exit code 5; on one host they are others.
    """
    hosts = ranks.gathered((platform.node(), versions()))
    require_like_hosts(hosts, where="benchbench.cli.launched", remedy="leave that host out of the job")


def follow_launched(place: LaunchedPlace, device: str) -> None:
    """Follow the first process from stage to stage until it lets go; a stage's error ends this process.

    Args:
        place: of this process, which is not the first.
        device: its own.
    """
    begin_process(device, 1)
    import torch

    from benchbench import inputs
    from benchbench.core.errors import Interrupted
    from benchbench.generation.engine_cache import EngineCache
    from benchbench.stages.execute import follow
    from benchbench.store.runs import RunStore
    from benchbench.training.ranks import joined_ranks

    def nothing() -> tuple[str, int, bool, Any] | None:
        """What a process that is not the first has to say: runs, threads, sharding and stage come from the first."""

    with (
        joined_ranks(place.number, place.world, device=device, meeting=None) as ranks,
        EngineCache() as engines,
    ):
        refuse_unlike_hosts(ranks)
        while (message := ranks.from_first(nothing)) is not None:
            root, threads, shards, values = message
            torch.set_num_threads(threads)
            how = {"device": device, "ranks": replace(ranks, shards=shards), "engines": engines}
            with suppress(Interrupted):
                follow(StageSpec.from_json(values), RunStore(Path(root)), input_of=inputs.get, **how)
