"""Workers that are forked from one process which has imported what they need: imports take a worker 6 CPU-seconds.

A forked worker is a process of its own all the same: it has its own memory, pipe, signals and exit code. Programs that
tests start (`harness.bench_process`) start their workers as users' do, and so does a test that changes the environment,
since libraries read it when they are imported.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OF_THE_TEST = {"PYTEST_CURRENT_TEST", "TOKENIZERS_PARALLELISM", "COLUMNS", "LINES"}
"""Variables that no library reads when it is imported; a worker has those of its test all the same."""


class WorkerServer:
    """What `benchbench.run.local` needs of a multiprocessing context."""

    def __init__(self) -> None:
        """Nothing starts yet."""
        self._spawn = multiprocessing.get_context("spawn")
        self._fork = multiprocessing.get_context("forkserver")
        self._environment = dict(os.environ)
        """Of the server; no test has changed it yet, as the first that asks for a worker may have."""
        self._started = False

    def Pipe(self) -> tuple[Connection, Connection]:  # noqa: N802 (the name of multiprocessing)
        """Two ends."""
        return self._spawn.Pipe()

    def Process(self, *, target: Callable[..., None], args: Sequence[Any], daemon: bool) -> BaseProcess:  # noqa: N802
        """A worker that is forked where its environment is the server's, else spawned."""
        if _read(os.environ) != _read(self._environment):
            return self._spawn.Process(target=target, args=args, daemon=daemon)
        if not self._started:
            self._start()
        return self._fork.Process(target=_begin, args=(dict(os.environ), target, args), daemon=daemon)

    def close(self) -> None:
        """End the server and wait for it, so that its time counts as this process's."""
        if self._started:
            forkserver._forkserver._stop()  # pyright: ignore[reportAttributeAccessIssue]

    def _start(self) -> None:
        now = dict(os.environ)
        paths = os.pathsep.join(filter(None, [str(ROOT), str(ROOT / "tests"), self._environment.get("PYTHONPATH")]))
        _become(self._environment | {"PYTHONPATH": paths})  # the server knows no other path
        try:
            self._fork.set_forkserver_preload(["worker_imports"])
            forkserver.ensure_running()
        finally:
            _become(now)
        self._started = True


def _read(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in OF_THE_TEST}


def no_fsync(handle: object) -> None:
    """What tests have in the place of waiting for the disk."""


def _begin(environment: Mapping[str, str], target: Callable[..., None], args: Sequence[Any]) -> None:
    _become(environment)
    os.fsync = no_fsync
    target(*args)


def _become(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
