"""Parts of a stage's result, each written whole, so that a stage that was stopped goes on after the last one.

The last line of a part is a hash of it, of its number and of its stage; a part that has another is made again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchbench.core.json_text import parse_json
from benchbench.store.damage import say, say_damage
from benchbench.store.files import json_or_none, read_bytes, write_json, write_text

FOLDER, ABOUT = "parts", "about.json"
FORMAT = 2
"""Raised by hand when parts are written otherwise; 1, of which nothing was recorded, had no hashes."""


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
        present, recorded = {**about, "format": FORMAT}, json_or_none(self.folder / ABOUT)
        if self.folder.is_dir() and recorded != present:
            if recorded == dict(about):
                say(f"{self.folder}: parts of an earlier version, which have no hashes; they are made again")
            remove_parts(folder)
        write_json(self.folder / ABOUT, present)

    def read(self, number: int) -> list[Any] | None:
        """The values of a part; none where it is not there, or not as it was written, which is dropped in a line."""
        path = self._file(number)
        try:
            lines, _, digest = read_bytes(path).rstrip(b"\n").rpartition(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            fault = f"a file that cannot be read ({error.strerror})"
        else:
            if digest.decode(errors="replace") == self._digest(number, lines):
                return [parse_json(line) for line in lines.decode().split("\n") if line]
            fault = "one with other content"
        path.unlink(missing_ok=True)
        say_damage(f"{path}: expected the part of the stage as it was written, found {fault}; it is made again")
        return None

    def write(self, number: int, values: Sequence[Any]) -> None:
        """Write a part, whole or not at all."""
        lines = "\n".join(json.dumps(value, ensure_ascii=False) for value in values)
        write_text(self._file(number), f"{lines}\n{self._digest(number, lines.encode())}\n")

    def _digest(self, number: int, lines: bytes) -> str:
        """Hash of a part as that of its place: parts that changed places are not believed either."""
        return sha256(f"{self.folder.parent.name} {number}\n".encode() + lines).hexdigest()

    def _file(self, number: int) -> Path:
        return self.folder / f"part-{number:05d}.jsonl"
