"""The executor of stages on several devices of this machine: groups of processes that run one stage together.

What torchrun does for a script is done here for stages: each process of a group has a number and a device, they meet
over a file, and where one of them is gone the others are ended and the stage is lost, with its last checkpoint on disk.
A group serves one stage after another. What takes one device is run by its first process alone.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from benchbench.core.records import StageSpec
from benchbench.run import local
from benchbench.run.executor import Slot, StageEnded, StageEvent, StageLost, StageNeeds, StageProgress
from benchbench.run.local import DEATH_SECONDS, GRACE_SECONDS, start_without_interrupts
from benchbench.run.ranked import work_together

FAULT_SECONDS = 5.0
"""How long the first process has, once another one has failed, to fail of itself: a user's error reaches all of them,
and the record of the first says it best."""


@dataclass
class _Rank:
    """A process of a group."""

    process: BaseProcess
    pipe: Connection
    is_busy: bool = False
    """Whether it follows a stage at present, or has failed at one, so that where it stopped is not known."""


@dataclass
class _Group:
    """The processes on a slot, with the stage they run, if they run one."""

    slot: Slot
    ranks: list[_Rank]
    folder: tempfile.TemporaryDirectory[str]
    """Where they met."""
    spec: StageSpec | None = None
    has_begun: bool = False
    """Whether the stage's own code runs on all of them."""
    fault: str = ""
    """What one that is not the first said when it failed."""
    fault_at: float = 0.0


class TorchrunExecutor:
    """Groups of processes side by side, one on each slot, whose devices are its own."""

    def __init__(
        self,
        root: Path,
        places: Sequence[Sequence[str]],
        *,
        threads: int,
        shards: bool = False,
        target: Callable[[Connection, str, str, int, int, int, str, bool], None] = work_together,
    ) -> None:
        """Nothing starts yet.

        Args:
            root: the `runs/` folder.
            places: the devices of each slot, one for each process: `cpu`, or torch's names of cards.
            threads: CPU threads of each process.
            shards: whether each process keeps only its part of every decoder layer.
            target: what each process runs.
        """
        self._root = str(root.resolve())
        self._slots = [Slot(number, tuple(devices)) for number, devices in enumerate(places)]
        self._threads = threads
        self._shards = shards
        self._target = target
        self._groups: dict[int, _Group] = {}
        """By the number of their slot."""
        self._stopping = False

    def slots(self) -> Sequence[Slot]:
        """Every slot, those with living processes first."""
        return sorted(self._slots, key=lambda slot: not self._alive(slot))

    def submit(self, spec: StageSpec, needs: StageNeeds, slot: Slot) -> None:
        """Send a stage to the slot's first process, and start the processes where there are none."""
        if not self._alive(slot):
            self._end(slot)
            self._groups[slot.number] = self._start(slot)
        group = self._groups[slot.number]
        if group.spec is not None:
            raise ValueError(f"slot {slot.number}: {group.spec.key} is running there")
        group.spec, group.has_begun, group.fault = spec, False, ""
        first = group.ranks[0]
        with suppress(OSError):  # it has just died, which the next look at its pipe tells
            spread = slot.devices[: needs.engine_devices] if needs.engine_devices > 1 else ()
            first.pipe.send((spec.as_json(), needs.run_engine, 1 if spread else needs.devices, spread))
        if self._stopping:  # the signal came while the processes were being started
            first.process.terminate()

    def events(self, timeout: float) -> list[StageEvent]:
        """What the processes of busy groups have to say."""
        busy = [group for group in self._groups.values() if group.spec is not None]
        ready = set(wait([rank.pipe for group in busy for rank in group.ranks], timeout))
        events: list[StageEvent] = []
        for group in busy:
            events += self._events(group, ready)
        return events

    def stop(self, *, hard: bool) -> None:
        """Ask the first process of each group for a checkpoint, or kill all."""
        self._stopping = True
        for group in list(self._groups.values()):
            for rank in group.ranks if hard else group.ranks[:1]:
                if hard:
                    rank.process.kill()
                elif rank.process.is_alive():
                    rank.process.terminate()

    def close(self) -> None:
        """End the processes; those of a group whose first does not end in time are killed."""
        for group in self._groups.values():
            for rank in group.ranks:
                rank.pipe.close()
        deadline = time.monotonic() + GRACE_SECONDS
        for group in self._groups.values():
            for number, rank in enumerate(group.ranks):
                left = deadline - time.monotonic() if number == 0 else min(DEATH_SECONDS, deadline - time.monotonic())
                rank.process.join(timeout=max(0.0, left))
                if rank.process.is_alive():
                    rank.process.kill()
            group.folder.cleanup()
        self._groups.clear()

    def _alive(self, slot: Slot) -> bool:
        group = self._groups.get(slot.number)
        if group is None:
            return False
        return group.spec is not None or all(rank.process.is_alive() and not rank.is_busy for rank in group.ranks)

    def _start(self, slot: Slot) -> _Group:
        folder = tempfile.TemporaryDirectory(prefix="bench-ranks-")
        meeting, world = str(Path(folder.name) / "meeting"), len(slot.devices)
        ranks: list[_Rank] = []
        for number, device in enumerate(slot.devices):
            ours, other_end = local.PROCESSES.Pipe()
            arguments = (other_end, self._root, device, self._threads, number, world, meeting, self._shards)
            process = local.PROCESSES.Process(target=self._target, args=arguments, daemon=True)
            start_without_interrupts(process)
            other_end.close()
            ranks.append(_Rank(process, ours))
        return _Group(slot, ranks, folder)

    def _events(self, group: _Group, ready: set[Any]) -> list[StageEvent]:
        """What became of one group's stage, as far as it is known now."""
        assert group.spec is not None, "only busy groups are listened to"
        for number, rank in enumerate(group.ranks):
            if number == 0 or rank.pipe not in ready:
                continue
            said = _received(rank)
            if said is None:
                return [self._lost(group, _ended(number, group, rank))]
            rank.is_busy = said[0] == "fault"
            if rank.is_busy:
                group.fault, group.fault_at = f"process {number} of {len(group.ranks)}: {said[1]}", time.monotonic()
        first = group.ranks[0]
        if first.pipe in ready:
            return self._of_first(group, first)
        if group.fault and time.monotonic() - group.fault_at > FAULT_SECONDS:
            return [self._lost(group, group.fault)]
        return []

    def _of_first(self, group: _Group, first: _Rank) -> list[StageEvent]:
        """What one message of the first process means."""
        assert group.spec is not None
        key, said = group.spec.key, _received(first)
        if said is None:
            return [self._lost(group, _ended(0, group, first))]
        kind, value = said
        if kind == "progress":
            return [StageProgress(key, value)]
        if kind == "begin":
            group.has_begun = True
            for rank in group.ranks[1:]:
                rank.is_busy = True
                with suppress(OSError):
                    rank.pipe.send(value)
            return []
        if value.status not in ("done", "interrupted"):
            if group.fault and "exit_code" not in value.summary:
                return [self._lost(group, group.fault)]
            # the first may only have noticed that another process is gone or has failed, which is the reason then
            for number, rank in enumerate(group.ranks[1:], start=1):
                said = _received(rank) if rank.pipe.poll(0.1) else ("", "")
                if said is None:
                    return [self._lost(group, _ended(number, group, rank))]
                if said[0] == "fault" and "exit_code" not in value.summary:
                    return [self._lost(group, f"process {number} of {len(group.ranks)}: {said[1]}")]
        self._settle(group, is_sound=value.status == "done")
        return [StageEnded(key, value)]

    def _settle(self, group: _Group, *, is_sound: bool) -> None:
        """Let go of a stage that ended; the processes are ended unless all of them came to its end."""
        is_over = is_sound or not group.has_begun
        group.spec = None
        for rank in group.ranks[1:]:
            if is_over and not group.fault and rank.is_busy and rank.pipe.poll(DEATH_SECONDS):
                said = _received(rank)
                rank.is_busy = said is None or said[0] == "fault"
        if not is_over or any(rank.is_busy for rank in group.ranks):
            self._end(group.slot)

    def _lost(self, group: _Group, reason: str) -> StageLost:
        assert group.spec is not None
        key = group.spec.key
        self._end(group.slot)
        return StageLost(key, reason)

    def _end(self, slot: Slot) -> None:
        """Kill the processes of a slot, if it has any, and forget them."""
        group = self._groups.pop(slot.number, None)
        if group is None:
            return
        for rank in group.ranks:
            rank.process.kill()
        for rank in group.ranks:
            rank.process.join(timeout=DEATH_SECONDS)
            rank.pipe.close()
        group.folder.cleanup()


def _received(rank: _Rank) -> tuple[str, Any] | None:
    """A message of a process; none where it is gone."""
    try:
        return rank.pipe.recv()
    except (EOFError, OSError):
        return None


def _ended(number: int, group: _Group, rank: _Rank) -> str:
    """How a process that is gone ended."""
    rank.process.join(timeout=DEATH_SECONDS)
    return (
        f"process {number} of {len(group.ranks)} ended with exit code {rank.process.exitcode} (-9: killed, often out "
        "of memory), and the others were ended with it; the same command goes on from the last checkpoint"
    )
