"""The executor of this machine: one worker process per slot, started when the slot is first used."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchbench.core.records import StageSpec
from benchbench.run.executor import Slot, StageEnded, StageEvent, StageLost, StageNeeds, StageProgress
from benchbench.run.worker import work

GRACE_SECONDS = 120.0
"""How long workers may take to write a checkpoint after a request to stop."""
DEATH_SECONDS = 10.0
"""How long a worker that closed its pipe may take to end, so that its exit code is known."""
BEFORE_IT_BEGAN = "stopped before it began"
"""What is said of a stage whose worker was still importing when a stop was asked for."""
PROCESSES = multiprocessing.get_context("spawn")
"""What workers are made with: each begins without the memory, locks and device of the process that starts it."""


@dataclass
class _Worker:
    """A process on a slot, with the stage it runs, if it runs one."""

    slot: Slot
    process: BaseProcess
    pipe: Connection
    spec: StageSpec | None = None


def start_without_interrupts(process: BaseProcess) -> None:
    """Start a worker that an interrupt of the terminal, which all processes of a command get, waits for.

    It has one handler for it from its first moment, and ends with a traceback by that; `run.worker` ignores what waits.
    """
    resource_tracker.ensure_running()  # which would let interrupts through again, were it started meanwhile
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class LocalExecutor:
    """Worker processes side by side, each with a device and a number of threads of its own.

    A worker keeps its device, or its part of one, to its end. Where one dies, its slot is free again, and the next
    stage on that slot starts another worker with the same device.
    """

    def __init__(
        self,
        root: Path,
        devices: Sequence[str],
        *,
        threads: int,
        target: Callable[[Connection, str, str, int], None] = work,
    ) -> None:
        """Nothing starts yet.

        Args:
            root: the `runs/` folder.
            devices: one for each slot: `cpu`, or torch's name of a card; several slots may have parts of the same one.
            threads: CPU threads of each worker.
            target: what a worker process runs.
        """
        self._root = str(root.resolve())
        self._slots = [Slot(number, (device,)) for number, device in enumerate(devices)]
        self._threads = threads
        self._target = target
        self._workers: dict[int, _Worker] = {}
        """By the number of their slot."""
        self._stopping = False

    def slots(self) -> Sequence[Slot]:
        """Every slot, those with a living worker first."""
        return sorted(self._slots, key=lambda slot: not self._alive(slot))

    def submit(self, spec: StageSpec, needs: StageNeeds, slot: Slot) -> None:
        """Send a stage to the slot's worker, and start the worker where there is none."""
        if not self._alive(slot):
            if slot.number in self._workers:
                self._bury(self._workers[slot.number])
            self._workers[slot.number] = self._start(slot)
        worker = self._workers[slot.number]
        if worker.spec is not None:
            raise ValueError(f"slot {slot.number}: {worker.spec.key} is running there")
        worker.spec = spec
        with suppress(OSError):  # it has just died, which the next look at its pipe tells
            worker.pipe.send((spec.as_json(), needs.run_engine, needs.devices, self._is_shared(slot)))
        if self._stopping:  # the signal came while the worker was being started, and did not reach it
            worker.process.terminate()

    def events(self, timeout: float) -> list[StageEvent]:
        """One event of every busy worker that has something to say."""
        busy = {worker.pipe: worker for worker in self._workers.values() if worker.spec is not None}
        ready = wait(list(busy), timeout)
        return [self._event(worker) for pipe, worker in busy.items() if pipe in ready]

    def stop(self, *, hard: bool) -> None:
        """Ask all workers for a checkpoint, or kill them."""
        self._stopping = True
        for worker in list(self._workers.values()):
            if hard:
                worker.process.kill()
            elif worker.process.is_alive():
                worker.process.terminate()

    def close(self) -> None:
        """End the workers; who does not end in time is killed."""
        for worker in self._workers.values():
            worker.pipe.close()
        deadline = time.monotonic() + GRACE_SECONDS
        for worker in self._workers.values():
            worker.process.join(timeout=max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
        self._workers.clear()

    def _is_shared(self, slot: Slot) -> bool:
        """Whether another slot has a part of the same card."""
        cards = {device for device in slot.devices if device != "cpu"}
        return any(other.number != slot.number and cards.intersection(other.devices) for other in self._slots)

    def _alive(self, slot: Slot) -> bool:
        worker = self._workers.get(slot.number)
        return worker is not None and (worker.spec is not None or worker.process.is_alive())

    def _start(self, slot: Slot) -> _Worker:
        ours, workers_end = PROCESSES.Pipe()
        arguments = (workers_end, self._root, slot.devices[0], self._threads)
        process = PROCESSES.Process(target=self._target, args=arguments, daemon=True)
        start_without_interrupts(process)
        workers_end.close()
        return _Worker(slot, process, ours)

    def _event(self, worker: _Worker) -> StageEvent:
        assert worker.spec is not None, "only busy workers are listened to"
        key = worker.spec.key
        try:
            kind, value = worker.pipe.recv()
        except (EOFError, OSError):
            return StageLost(key, self._bury(worker))
        if kind == "progress":
            return StageProgress(key, value)
        worker.spec = None
        return StageEnded(key, value)

    def _bury(self, worker: _Worker) -> str:
        """Forget a worker that died; how it ended."""
        worker.process.join(timeout=DEATH_SECONDS)
        worker.pipe.close()
        del self._workers[worker.slot.number]
        if self._stopping and worker.process.exitcode == -signal.SIGTERM:
            return BEFORE_IT_BEGAN
        return f"the worker process ended with exit code {worker.process.exitcode} (-9: killed, often out of memory)"
