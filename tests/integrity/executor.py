"""An executor that runs each stage in this process when its events are asked for: no worker has to start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness import execute

from benchbench.core.records import StageSpec
from benchbench.generation.engine_cache import EngineCache
from benchbench.run.executor import Slot, StageEnded, StageEvent, StageNeeds, StageProgress
from benchbench.store.runs import RunStore


class HereExecutor:
    """One slot: this process."""

    def __init__(self, machine: object, root: Path) -> None:
        """What `benchbench.run.machine.open_executor` takes."""
        self.store, self._specs, self._engines = RunStore(root), [], EngineCache()
        self._specs: list[StageSpec] = []

    def slots(self) -> Sequence[Slot]:
        return [Slot(0, ("cpu",))]

    def submit(self, spec: StageSpec, needs: StageNeeds, slot: Slot) -> None:
        self._specs.append(spec)

    def events(self, timeout: float) -> Sequence[StageEvent]:
        events: list[StageEvent] = []
        while self._specs:
            spec = self._specs.pop()
            said = lambda event, key=spec.key: events.append(StageProgress(key, event))  # noqa: E731
            record = execute(spec, self.store, report=said, engines=self._engines)
            events.append(StageEnded(spec.key, record))
        return events

    def stop(self, *, hard: bool) -> None:
        """Nothing runs between two calls."""

    def close(self) -> None:
        self._engines.close()
