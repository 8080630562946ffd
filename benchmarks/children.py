"""Processes in turn: A B C A B C, so that whatever else the machine does falls on all of them."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.machine import clean_environment, other_cores, read_load
from benchmarks.worker import Task

ROOT = Path(__file__).resolve().parents[1]


def answer_of(module: str, *words: str, variables: Mapping[str, str] | None = None) -> Any:
    """The JSON document that a module prints when it is run, in a process of its own.

    Raises:
        RuntimeError: it failed; the message has the end of what it said.
    """
    line = [sys.executable, "-m", module, *words]
    environment = _environment() | dict(variables or {})
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{module} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def _environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return clean_environment(os.environ) | {"PYTHONPATH": path}


class Child:
    """One process that is timed, from its start to its end."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def __enter__(self) -> Child:
        """Start it, and wait until it is ready."""
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  (closed by __exit__)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env=_environment(),
        )
        self.imported_mib: float = self.ask(json.dumps(asdict(self._task)))["imported_mib"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it; what it used then counts as this process's own."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._said.close()

    def ask(self, line: str) -> dict[str, Any]:
        """Its answer to one line.

        Raises:
            RuntimeError: it ended instead; the message has the end of what it said.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if answer:
            return json.loads(answer)
        self._said.seek(0)
        raise RuntimeError(f"{self._task.variant} on {self._task.mix} ended:\n{self._said.read()[-2000:]}")


@dataclass(frozen=True)
class Plan:
    """How often each variant is repeated."""

    one_thread: int = 3
    """Rounds with one thread, whose CPU-seconds count."""
    all_cores: int = 2
    """Rounds with a thread for each core, whose wall seconds count."""


@dataclass(frozen=True)
class Measured:
    """Medians of a variant's rounds."""

    cpu_seconds: float
    """Of one thread."""
    cpu_seconds_before: float
    wall_seconds: float
    """With a thread for each core."""
    wall_seconds_before: float
    peak_mib: float
    imported_mib: float
    """Memory of the process after its imports, before it had made anything."""
    values: tuple[float, ...]
    rounds: tuple[float, ...]
    """CPU-seconds of each round with one thread."""


def in_turn(tasks: Sequence[Task], plan: Plan) -> tuple[dict[str, Measured], float]:
    """Measure variants beside each other.

    Returns:
        Name of each variant -> its medians; and the cores that others kept busy meanwhile.
    """
    before = read_load()
    cores = len(os.sched_getaffinity(0))
    with ExitStack() as stack:
        children = {task.variant: stack.enter_context(Child(task)) for task in tasks}
        single = _rounds(children, 1, plan.one_thread)
        several = _rounds(children, cores, plan.all_cores)
    load = other_cores(before, read_load())
    measured = {
        name: Measured(
            cpu_seconds=_median(single[name], "main", "cpu_seconds"),
            cpu_seconds_before=_median(single[name], "before", "cpu_seconds"),
            wall_seconds=_median(several[name], "main", "wall_seconds"),
            wall_seconds_before=_median(several[name], "before", "wall_seconds"),
            peak_mib=single[name][-1]["peak_mib"],
            imported_mib=child.imported_mib,
            values=tuple(single[name][0]["values"]),
            rounds=tuple(answer["main"]["cpu_seconds"] for answer in single[name]),
        )
        for name, child in children.items()
    }
    return measured, load


def _rounds(children: dict[str, Child], threads: int, count: int) -> dict[str, list[dict[str, Any]]]:
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in children}
    for _ in range(count):
        for name, child in children.items():
            answers[name].append(child.ask(str(threads)))
    return answers


def _median(answers: Sequence[dict[str, Any]], part: str, clock_name: str) -> float:
    return statistics.median(answer[part][clock_name] for answer in answers)
