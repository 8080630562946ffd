"""The local queue: independent stages side by side in worker processes."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any, Protocol

from benchbench.core.records import StageRecord, StageSpec
from benchbench.run.worker import work
from benchbench.store.runs import RunStore

GRACE_SECONDS = 120.0
"""How long workers may take to write a checkpoint after a request to stop."""
_FIRST = ("sft", "reward_model", "preference", "generate", "score", "reward", "judge")
"""Of the stages that could start, those that others wait for longest go first."""


class Watcher(Protocol):
    """Told what the queue does."""

    def started(self, spec: StageSpec) -> None:
        """A worker took the stage."""
        ...

    def progress(self, event: Mapping[str, Any]) -> None:
        """A stage moved on."""
        ...

    def ended(self, spec: StageSpec, record: StageRecord) -> None:
        """A stage ended, one way or another."""
        ...


@dataclass(frozen=True)
class Ran:
    """What a queue run came to."""

    failed: Mapping[str, StageRecord] = field(default_factory=dict)
    """Stages that failed or were stopped, with their records."""
    blocked: Sequence[str] = ()
    """Stages that never started, since one they read failed or the run was stopped."""
    signal: int | None = None
    """The signal that stopped the run, if one did."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    spec: StageSpec | None = None
    generates: bool = False
    """It holds the engine, which is started once for all responses of a grid."""


class LocalQueue:
    """Runs a graph of stages on this machine."""

    def __init__(self, store: RunStore, *, device: str, workers: int, threads: int, watcher: Watcher) -> None:
        self.store = store
        self.device = device
        self.count = workers
        self.threads = threads
        self.watcher = watcher
        self._spawn = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._signal: int | None = None

    def run(self, stages: Mapping[str, StageSpec]) -> Ran:
        """Run every stage that is not finished; a failed one does not stop the others."""
        todo = {key: spec for key, spec in stages.items() if not self.store.is_done(key)}
        failed: dict[str, StageRecord] = {}
        before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while todo or self._busy():
                if self._signal is None:
                    self._assign(todo, failed)
                elif not self._busy():
                    break
                if not self._busy():
                    break  # what is left waits for a failed stage
                for worker in self._ready():
                    self._answer(worker, failed)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self._close()
        return Ran(failed, tuple(todo), self._signal)

    def _note(self, number: int, frame: FrameType | None) -> None:
        """Pass a request to stop on to the workers, who write checkpoints; a second one ends them."""
        again = self._signal is not None
        self._signal = number
        for worker in self._workers:
            if again:
                worker.process.kill()
            elif worker.process.is_alive():
                worker.process.terminate()

    def _busy(self) -> list[_Worker]:
        return [worker for worker in self._workers if worker.spec is not None]

    def _assign(self, todo: dict[str, StageSpec], failed: Mapping[str, StageRecord]) -> None:
        running = {worker.spec.key for worker in self._busy() if worker.spec is not None}
        waiting = set(todo) | running | set(failed)
        free = [spec for spec in todo.values() if not waiting.intersection(spec.inputs.values())]
        for spec in sorted(free, key=lambda s: _FIRST.index(s.kind)):
            worker = self._generator() if spec.kind == "generate" else self._idle()
            if worker is None:
                if spec.kind == "generate":
                    continue  # its engine is in a process that is busy; others need not wait for it
                return
            worker.generates |= spec.kind == "generate"
            del todo[spec.key]
            worker.spec = spec
            worker.pipe.send(spec.as_json())
            self.watcher.started(spec)

    def _idle(self) -> _Worker | None:
        self._workers = [w for w in self._workers if w.spec is not None or w.process.is_alive()]
        for worker in self._workers:
            if worker.spec is None:
                return worker
        if len(self._workers) >= self.count:
            return None
        ours, theirs = self._spawn.Pipe()
        root = str(self.store.root.resolve())
        process = self._spawn.Process(target=work, args=(theirs, root, self.device, self.threads), daemon=True)
        process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours))
        return self._workers[-1]

    def _generator(self) -> _Worker | None:
        """The worker with the engine, if it is idle; any idle one where none has it yet."""
        holders = [worker for worker in self._workers if worker.generates and worker.process.is_alive()]
        if not holders:
            return self._idle()
        return holders[0] if holders[0].spec is None else None

    def _ready(self) -> list[_Worker]:
        pipes = wait([worker.pipe for worker in self._busy()], timeout=0.5)
        return [worker for worker in self._busy() if worker.pipe in pipes]

    def _answer(self, worker: _Worker, failed: dict[str, StageRecord]) -> None:
        assert worker.spec is not None
        spec = worker.spec
        try:
            kind, value = worker.pipe.recv()
        except (EOFError, OSError):
            self._end(worker, spec, self._lost(worker, spec), failed)
            return
        if kind == "progress":
            self.watcher.progress(value)
        else:
            self._end(worker, spec, value, failed)

    def _end(self, worker: _Worker, spec: StageSpec, value: StageRecord, failed: dict[str, StageRecord]) -> None:
        worker.spec = None
        if value.status != "done":
            failed[spec.key] = value
        self.watcher.ended(spec, value)

    def _lost(self, worker: _Worker, spec: StageSpec) -> StageRecord:
        """The record of a stage whose worker died, for instance for want of memory."""
        worker.process.join(timeout=10)
        self._workers.remove(worker)
        status = "interrupted" if self._signal is not None else "failed"
        message = f"the worker process ended with exit code {worker.process.exitcode} (-9: killed, often out of memory)"
        before = self.store.record(spec.key)
        if before is None:
            return self.store.write(StageRecord(spec.key, status, {"device_kind": self.device}, message=message))
        if before.status == "done":  # it died after the stage, or another process finished the stage
            return before
        return self.store.write(replace(before, status=status, message=message))

    def _close(self) -> None:
        for worker in self._workers:
            worker.pipe.close()
        deadline = time.monotonic() + GRACE_SECONDS
        for worker in self._workers:
            worker.process.join(timeout=max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
        self._workers.clear()
