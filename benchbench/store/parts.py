"""Parts of a stage's result, each written whole, so that a stage that was stopped goes on after the last one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchbench.store.files import json_or_none, write_json, write_text

FOLDER, ABOUT = "parts", "about.json"


def remove_parts(folder: Path) -> None:
    """Throw the parts of a stage away, as it does when its result is written.

    Args:
        folder: the stage's own.
    """
    shutil.rmtree(folder / FOLDER, ignore_errors=True)


class WrittenParts:
    """The parts of one stage, by their number.

    A stage cuts its work in a canonical order, so the numbers that are there are its progress. What the parts were
    made on is written beside them; parts of another make are thrown away, since one result has one origin.

    Args:
        folder: the stage's own.
        about: whatever must be the same for all parts, such as the kind of device, as plain values.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        self.folder = folder / FOLDER
        if self.folder.is_dir() and json_or_none(self.folder / ABOUT) != dict(about):
            remove_parts(folder)
        write_json(self.folder / ABOUT, dict(about))

    def read(self, number: int) -> list[Any] | None:
        """The values of a part; none where it is not there, or cannot be read."""
        try:
            text = self._file(number).read_text(encoding="utf-8")
            return [json.loads(line) for line in text.split("\n") if line]
        except (OSError, ValueError):
            return None

    def write(self, number: int, values: Sequence[Any]) -> None:
        """Write a part, whole or not at all."""
        write_text(self._file(number), "".join(f"{json.dumps(value, ensure_ascii=False)}\n" for value in values))

    def _file(self, number: int) -> Path:
        return self.folder / f"part-{number:05d}.jsonl"
