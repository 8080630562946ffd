"""`bench show run`: where a run is, what it was told, and what its training logged."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchbench.commands.run_plan import RunOptions
from benchbench.commands.run_target import planned_run, stage_folder, trained_folder
from benchbench.commands.status import StageState, stage_state
from benchbench.core.errors import BenchError
from benchbench.store.stage_files import StageFiles, curves, read_stage


@dataclass(frozen=True)
class ShownRun:
    """One stage, for a reader and for a program."""

    files: StageFiles
    state: StageState

    @property
    def model(self) -> Path | None:
        """Folder of the model that it left; none where there is none, or not yet."""
        folder = self.files.folder / "model"
        return folder if folder.is_dir() else None

    def as_values(self) -> dict[str, Any]:
        """All of it as plain values."""
        named = curves(self.files.log)
        record = self.files.record
        return {
            "key": self.files.key,
            "title": self.files.spec.title,
            "folder": str(self.files.folder),
            "model": None if self.model is None else str(self.model),
            "state": asdict(self.state),
            "record": None if record is None else asdict(record),
            "settings": self.files.spec.settings,
            "inputs": dict(self.files.spec.inputs),
            "curves": {
                name: {"step": [step for step, _ in points], "value": [value for _, value in points]}
                for name, points in named.items()
            },
        }


def show_run(
    target: str, *, setting: str | None, seed: str | None, overrides: Sequence[str], options: RunOptions
) -> ShownRun:
    """The stage of a key or folder, or the one that trains a method's model at a seed; finished or not.

    Raises:
        BenchError: as `planned_run` and `trained_folder`; options that a key or folder leaves unread.
    """
    folder = stage_folder(target, options)
    if folder is not None and (setting is not None or seed is not None or overrides):
        raise BenchError(f"--setting, --seed and --set: not read, since {target} is one stage; leave them out")
    if folder is None:
        run = planned_run(target, setting=setting, seed=seed, overrides=overrides, options=options)
        folder = trained_folder(run, options)
    files = read_stage(folder)
    return ShownRun(files, stage_state(files.store, files.key, time.time()))
