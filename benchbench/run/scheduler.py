"""The order of stages: each starts once its inputs are finished and a slot is free for it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any, Protocol

from benchbench.core.errors import BenchError
from benchbench.core.records import StageRecord, StageSpec
from benchbench.run.executor import (
    ROUNDING,
    Executor,
    Slot,
    StageEnded,
    StageEvent,
    StageLost,
    StageNeeds,
    StageProgress,
)
from benchbench.run.needs import needs_of
from benchbench.run.order import longest_chains, urgency
from benchbench.store.runs import RunStore

POLL_SECONDS = 0.5
"""Between two looks at whether a stop was asked for, where no stage reports anything."""


class StageListener(Protocol):
    """Hears what becomes of the stages."""

    def started(self, spec: StageSpec) -> None:
        """A slot took the stage."""
        ...

    def progress(self, event: Mapping[str, Any]) -> None:
        """A stage moved on."""
        ...

    def ended(self, spec: StageSpec, record: StageRecord) -> None:
        """A stage ended, one way or another."""
        ...


@dataclass(frozen=True)
class RunResult:
    """What running a graph of stages came to."""

    failed: Mapping[str, StageRecord] = field(default_factory=dict)
    """Stages that failed or were stopped, with their records."""
    blocked: Sequence[str] = ()
    """Stages that never started, since one they read failed or the run was stopped."""
    signal: int | None = None
    """The signal that stopped the run, if one did."""


@dataclass(frozen=True)
class _Running:
    """A stage on its slot."""

    spec: StageSpec
    slot: Slot
    needs: StageNeeds


class Scheduler:
    """Runs one graph of stages on an executor, which it closes at the end."""

    def __init__(
        self,
        executor: Executor,
        store: RunStore,
        listener: StageListener,
        *,
        needs: Callable[[StageSpec], StageNeeds] = needs_of,
    ) -> None:
        self.executor = executor
        self.store = store
        self.listener = listener
        self.needs = needs
        self._waiting: dict[str, StageSpec] = {}
        self._chains: dict[str, float] = {}
        """Key -> weight of the longest chain of stages that begins with it: what ends last if it waits."""
        self._running: dict[str, _Running] = {}
        self._failed: dict[str, StageRecord] = {}
        self._engine_slots: set[int] = set()
        """Numbers of the slots that hold an engine, once stages that generate have started there."""
        self._run_engine: str | None = None
        """Name of the engine that first drew responses of these stages, in this run or an earlier one."""
        self._signal: int | None = None

    def run(self, stages: Mapping[str, StageSpec]) -> RunResult:
        """Run every stage that is not finished; a failed one does not stop the others.

        Raises:
            BenchError: a stage needs more devices than any slot has; nothing is started then.
        """
        self._waiting = {key: spec for key, spec in stages.items() if not self.store.is_done(key)}
        self._chains = self._longest_chains()
        for key in stages.keys() - self._waiting.keys():
            self.store.remove_checkpoint(key)  # of a process that died as the stage ended
        for spec in stages.values():
            self._note_engine(spec, self.store.record(spec.key))
        signals = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is not signal.SIG_IGN]
        handlers = {number: signal.signal(number, self._stop) for number in signals}
        try:
            self._refuse_unplaceable()
            while self._waiting or self._running:
                if self._signal is None:
                    self._submit_ready()
                if not self._running:
                    break  # a stop was asked for, or what is left waits for a failed stage
                for event in self.executor.events(POLL_SECONDS):
                    self._take(event)
        except BaseException:
            self.executor.stop(hard=False)  # whatever broke here, the work of running stages is not lost
            raise
        finally:
            self._close(handlers)
        return RunResult(self._failed, tuple(self._waiting), self._signal)

    def _close(self, handlers: Mapping[signal.Signals, Any]) -> None:
        """End what was started; a signal meanwhile is still passed on, so that a second one ends the wait."""
        try:
            self.executor.close()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Pass a request to stop on to the stages, which write checkpoints; a second one ends them."""
        again = self._signal is not None
        self._signal = number
        self.executor.stop(hard=again)

    def _refuse_unplaceable(self) -> None:
        most = max((len(slot.devices) for slot in self.executor.slots()), default=0)
        for spec in self._waiting.values():
            needed = self.needs(spec).devices
            if needed > most:
                raise BenchError(
                    f"{spec.title}: expected a place with {needed} devices, found at most {most} in one place; run it "
                    f"where there are more: --executor torchrun --world-size {needed} makes places of so many"
                )

    def _longest_chains(self) -> dict[str, float]:
        """Of every stage that waits, the weight of the longest chain of stages that begins with it."""
        inputs = {key: set(spec.inputs.values()) for key, spec in self._waiting.items()}
        return longest_chains(inputs, {key: self.needs(spec).weight for key, spec in self._waiting.items()})

    def _urgency(self, spec: StageSpec) -> tuple[float, int]:
        """The lower, the earlier."""
        return urgency(self._chains[spec.key], self.needs(spec).priority)

    def _submit_ready(self) -> None:
        """Start what can start, the most urgent first."""
        free = self._free_slots()
        if not free:
            return  # a large grid is not gone through at every event
        unfinished = {*self._waiting, *self._running, *self._failed}
        ready = [spec for spec in self._waiting.values() if not unfinished.intersection(spec.inputs.values())]
        for spec in sorted(ready, key=self._urgency):
            if not free or self._signal is not None:  # a signal may come while a worker is started
                return
            needs = self.needs(spec)
            slot = self._slot_for(needs, free)
            if slot is None:
                free = self._without_kept(needs, free)
                continue  # the engine is where another stage runs, for instance; the others need not wait for it
            free.remove(slot)
            if needs.engine:
                self._engine_slots.add(slot.number)
            del self._waiting[spec.key]
            self._running[spec.key] = _Running(spec, slot, needs)
            self.executor.submit(spec, replace(needs, run_engine=self._run_engine), slot)
            self.listener.started(spec)

    def _free_slots(self) -> list[Slot]:
        """Slots without a stage, those that are quickest to start on first."""
        taken = {running.slot.number for running in self._running.values()}
        return [slot for slot in self.executor.slots() if slot.number not in taken]

    def _slot_for(self, needs: StageNeeds, free: Sequence[Slot]) -> Slot | None:
        """The first slot that is large enough; for a stage that generates one with an engine, where there is one.

        A card of its own may hold a further engine, once it is known which engine the run has: before, two that choose
        for themselves could choose differently. A processor, which all slots share, holds one.
        """
        slots = [slot for slot in free if len(slot.devices) >= needs.devices and self._has_room(slot, needs)]
        if not needs.engine or not self._engine_slots:
            return next(iter(slots), None)
        holding = [slot for slot in slots if slot.number in self._engine_slots]
        others = [] if self._run_engine is None else [slot for slot in slots if slot.devices[0] != "cpu"]
        return next(iter([*holding, *others]), None)

    def _has_room(self, slot: Slot, needs: StageNeeds) -> bool:
        """Whether what the stage needs of each card of a slot is not taken by stages on other slots."""
        return all(self._taken(device) + min(needs.devices, 1) <= 1 + ROUNDING for device in _cards(slot))

    def _taken(self, device: str) -> float:
        """How much of a card running stages have."""
        return sum(min(each.needs.devices, 1) for each in self._running.values() if device in each.slot.devices)

    def _without_kept(self, needs: StageNeeds, free: list[Slot]) -> list[Slot]:
        """The free slots but those of the card that is kept for a stage which needs more of one than any has left.

        Without it such a stage would wait until no smaller one is left. The card is the one that has least to end.
        """
        large = [slot for slot in self.executor.slots() if len(slot.devices) >= needs.devices and _cards(slot)]
        if not large or any(self._has_room(slot, needs) for slot in large):
            return free  # it waits for a slot or an engine, and not for room
        card = min(large, key=lambda slot: sum(self._taken(device) for device in slot.devices))
        return [slot for slot in free if not set(slot.devices).intersection(card.devices)]

    def _take(self, event: StageEvent) -> None:
        """Note what an event says, and pass it on."""
        if isinstance(event, StageProgress):
            self.listener.progress(event.values)
            return
        spec, slot = self._running[event.key].spec, self._running[event.key].slot
        record = event.record if isinstance(event, StageEnded) else self._lost(event, spec, slot)
        del self._running[event.key]
        self._note_engine(spec, record)
        if record.status != "done":
            self._failed[event.key] = record
        self.listener.ended(spec, record)

    def _note_engine(self, spec: StageSpec, record: StageRecord | None) -> None:
        """Keep the name of the engine that drew first: workers come and go, and a table has one engine."""
        if record is not None and record.status == "done" and self.needs(spec).engine:
            self._run_engine = self._run_engine or record.summary.get("engine")

    def _lost(self, event: StageLost, spec: StageSpec, slot: Slot) -> StageRecord:
        """The record of a stage whose process is gone, for instance for want of memory."""
        self._engine_slots.discard(slot.number)  # its engine went with it; whichever slot is free starts another
        status = "interrupted" if self._signal is not None else "failed"
        with self.store.claim(spec.key, should_stop=lambda: True) as is_ours:
            before = self.store.record(spec.key)
            if before is not None and before.status == "done":
                return before  # the process died after the stage, or another one finished the stage
            device = slot.devices[0]
            environment = {"device_kind": device.split(":")[0], "device": device}
            record = replace(before or StageRecord(spec.key, status, environment), status=status, message=event.reason)
            return self.store.write(record) if is_ours else record  # what another process runs is for it to record


def _cards(slot: Slot) -> list[str]:
    """The devices of a slot that are not shared by all."""
    return [device for device in slot.devices if device != "cpu"]
