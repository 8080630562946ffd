"""Other projects' viewers of training curves: TensorBoard, Weights & Biases, Trackio; each an optional package.

None is imported before it is asked for. Written against tensorboard 2.20 (`summary.writer.event_file_writer`), whose
own reader reads the files back in a test, and against the documentation of wandb 0.19.10 (`wandb.init`, reinit
`create_new`) and of trackio 0.30 (`trackio.init`, `Run.log`), which are tested with stand-ins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from benchbench.core.errors import BenchError, unknown_name
from benchbench.store.offline import forbidden_by

PROJECT = "benchbench"
"""Project that runs stand under in trackers that have projects."""


class Run(Protocol):
    """The curves of one stage in a tracker."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Add the values of one step."""
        ...

    def close(self) -> None:
        """Write what is left; nothing is added afterwards."""
        ...


Open = Callable[[str, Mapping[str, Any], Path], Run]
"""(name of the run, its settings, folder for the tracker's files) -> the run."""


class _TensorBoardRun:
    """An event file of scalars, written without torch or TensorFlow."""

    def __init__(self, name: str, settings: Mapping[str, Any], folder: Path) -> None:
        writer = import_module("tensorboard.summary.writer.event_file_writer")
        self._event = import_module("tensorboard.compat.proto.event_pb2").Event
        self._summary = import_module("tensorboard.compat.proto.summary_pb2").Summary
        self._writer = writer.EventFileWriter(str(folder / name))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """One event with a scalar per name."""
        scalars = [self._summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        summary = self._summary(value=scalars)
        self._writer.add_event(self._event(wall_time=time.time(), step=step, summary=summary))

    def close(self) -> None:
        """Flush and close the file."""
        self._writer.close()


class _WandbRun:
    """A run of its own beside others of this process; under `--offline` it is written to disk alone."""

    def __init__(self, name: str, settings: Mapping[str, Any], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        mode = {} if forbidden_by() is None else {"mode": "offline"}
        self._run = import_module("wandb").init(
            project=PROJECT, name=name, config=dict(settings), dir=str(folder), reinit="create_new", **mode
        )

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """The values of one step."""
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        """Finish the run."""
        self._run.finish()


class _TrackioRun:
    """A run in trackio's database, whose place is trackio's own affair."""

    def __init__(self, name: str, settings: Mapping[str, Any], folder: Path) -> None:
        self._run = import_module("trackio").init(project=PROJECT, name=name, config=dict(settings))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """The values of one step."""
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        """Finish the run."""
        self._run.finish()


TRACKERS: Mapping[str, Open] = {"tensorboard": _TensorBoardRun, "trackio": _TrackioRun, "wandb": _WandbRun}
"""Name, which is that of the package and of the extra that installs it -> what opens a run."""


def require_tracker(name: str) -> None:
    """Return only if a tracker is known and its package is installed.

    Raises:
        BenchError: it is not; the message names the extra that installs it.
    """
    if name not in TRACKERS:
        raise unknown_name("tracker of --log-to", name, TRACKERS)
    if find_spec(name) is None:
        raise BenchError(
            f"--log-to {name}: expected the package {name}, found none; install it with "
            f"pip install 'benchbench[{name}]', or leave --log-to out"
        )
