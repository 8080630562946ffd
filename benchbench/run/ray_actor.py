"""What runs on a slot of a Ray cluster: an actor that starts a worker process and hears it, as `run.local` does.

A stage runs in the worker's main thread, as everywhere: there it hears signals, and notices when its actor is gone. The
actor passes on what it says, and, in a second thread, requests to stop, since signals go no further than a machine.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchbench.core.records import StageSpec
from benchbench.run.executor import StageEvent, StageNeeds
from benchbench.run.host_versions import UnlikeHost, unlike, versions
from benchbench.run.local import LocalExecutor
from benchbench.run.worker import work

THREADS_OF_RAY = "OMP_NUM_THREADS"
"""Variable that Ray sets in its actors, and libraries read."""


def work_for_ray(pipe: Connection, root: str, device: str, threads: int) -> None:
    """As `run.worker.work`; records say who started it."""
    work(pipe, root, device, threads, executor="ray")


class StageActor:
    """What runs on a slot: the executor of one worker process, which two threads may call."""

    def __init__(
        self, root: str, device: str, threads: int, target: Any, expected: Mapping[str, str], omp_threads: str | None
    ) -> None:
        os.environ.pop(THREADS_OF_RAY, None)
        if omp_threads is not None:
            os.environ[THREADS_OF_RAY] = omp_threads
        self._unlike = unlike(platform.node(), versions(), expected)
        self._executor = LocalExecutor(Path(root), [device], threads=threads, target=target)

    def listen(self, task: tuple[Any, StageNeeds] | None, timeout: float) -> list[StageEvent] | UnlikeHost:
        """Start a stage, where one is given, and say what comes of it; nothing after so many seconds without any."""
        if task is not None:
            if self._unlike is not None:
                return self._unlike
            self._executor.submit(StageSpec.from_json(task[0]), task[1], self._executor.slots()[0])
        return list(self._executor.events(timeout))

    def stop(self, hard: bool) -> None:
        """As an executor's, from a second thread."""
        self._executor.stop(hard=hard)

    def close(self) -> None:
        """As an executor's."""
        self._executor.close()
