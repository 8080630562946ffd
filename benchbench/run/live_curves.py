"""`--log-to`: the lines of running trainings' logs, passed on to a tracker by the process that shows progress.

Trainings write `train.jsonl` as ever and know nothing of a tracker. A stage's whole log is passed on, the part from
before a resume too, so each run in the tracker is a whole curve. What a tracker does wrong never stops a training.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchbench.core.records import StageRecord, StageSpec
from benchbench.run.scheduler import StageListener
from benchbench.run.trackers import TRACKERS, Open, Run
from benchbench.store.runs import RunStore
from benchbench.store.stage_files import LOG, parsed_line


@dataclass
class _Tail:
    """The end of a log that grows, and may be replaced by a shorter one where a stage resumes."""

    path: Path
    file: int = 0
    """Number of the file on its disk."""
    read: int = 0
    """Bytes that were read of it."""
    last_step: int = -1

    def new_lines(self) -> list[dict[str, Any]]:
        """Whole lines of steps after the last one."""
        if not self.path.is_file():
            return []
        stat = self.path.stat()
        if stat.st_ino != self.file or stat.st_size < self.read:
            self.file, self.read = stat.st_ino, 0
        if stat.st_size == self.read:
            return []
        with self.path.open("rb") as handle:
            handle.seek(self.read)
            whole, newline, _ = handle.read().rpartition(b"\n")
        self.read += len(whole) + len(newline)
        lines = [line for text in whole.decode("utf-8", "replace").splitlines() if (line := parsed_line(text))]
        fresh = [line for line in lines if line["step"] > self.last_step]
        self.last_step = max([self.last_step, *(line["step"] for line in fresh)])
        return fresh


class LiveCurves:
    """A listener that passes everything on to another one, and new lines of logs to a tracker."""

    def __init__(
        self,
        listener: StageListener,
        store: RunStore,
        name: str,
        *,
        say: Callable[[str], None],
        opens: Open | None = None,
    ) -> None:
        """Nothing is opened before a stage logs something.

        Args:
            listener: that shows progress.
            store: of `runs/`, below which a tracker's own files go.
            name: of the tracker.
            say: prints a line for people.
            opens: the tracker itself; by default that of the name.
        """
        self.listener = listener
        self.store = store
        self.name = name
        self.say = say
        self.folder = store.root.resolve() / name
        self._open = opens or TRACKERS[name]
        self._tails: dict[str, _Tail] = {}
        self._specs: dict[str, StageSpec] = {}
        self._runs: dict[str, Run] = {}
        self._has_failed = False

    def started(self, spec: StageSpec) -> None:
        """A worker took the stage."""
        self._specs[spec.key] = spec
        self._tails[spec.key] = _Tail(self.store.folder(spec.key) / LOG)
        self.listener.started(spec)

    def progress(self, event: Mapping[str, Any]) -> None:
        """A stage moved on."""
        self.listener.progress(event)
        if "step" in event:
            self._guarded(lambda: self._follow(event["key"]))

    def ended(self, spec: StageSpec, record: StageRecord) -> None:
        """A stage ended; what it logged last is passed on before."""
        self._guarded(lambda: self._finish(spec.key))
        self.listener.ended(spec, record)

    def close(self) -> None:
        """Close what is still open, as after a stop."""
        for key in list(self._runs):
            self._guarded(lambda key=key: self._finish(key))

    def _follow(self, key: str) -> None:
        for line in self._tails[key].new_lines():
            if key not in self._runs:
                spec = self._specs[key]
                self._runs[key] = self._open(run_name(spec), spec.as_json()["settings"], self.folder)
            values = {name: float(value) for name, value in line.items() if name != "step" and _is_number(value)}
            self._runs[key].log(int(line["step"]), values)

    def _finish(self, key: str) -> None:
        self._follow(key)
        if key in self._runs:
            self._runs.pop(key).close()

    def _guarded(self, action: Callable[[], None]) -> None:
        """Do something with the tracker; where that fails it is told once, and no more is passed on."""
        if self._has_failed:
            return
        try:
            with redirect_stdout(sys.stderr):  # some trackers print, and stdout is for results
                action()
        except Exception as error:  # whatever a tracker does wrong, a training of hours goes on
            self._has_failed = True
            first = next(iter(str(error).splitlines()), "")
            self.say(
                f"--log-to {self.name}: no more is passed on, since it failed ({type(error).__name__}: {first}); the "
                f"trainings go on, and {LOG} of each stage has its whole curve"
            )


def run_name(spec: StageSpec) -> str:
    """What a stage is called in a tracker: its title and the beginning of its fingerprint."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", f"{spec.title} {spec.fingerprint[:8]}")


@contextmanager
def live_curves(
    name: str | None, listener: StageListener, store: RunStore, say: Callable[[str], None]
) -> Iterator[StageListener]:
    """The listener itself, or one that passes curves on to a tracker while the block lasts.

    Args:
        name: of the tracker; none passes nothing on.
        listener: that shows progress.
        store: of `runs/`.
        say: prints a line for people.
    """
    if name is None:
        yield listener
        return
    curves = LiveCurves(listener, store, name, say=say)
    if name == "tensorboard":
        say(f"curves: tensorboard --logdir {curves.folder}")
    try:
        yield curves
    finally:
        curves.close()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
