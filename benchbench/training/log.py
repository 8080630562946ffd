"""train.jsonl: one line per logged step, cut back to the checkpoint when a run resumes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from benchbench.core.json_text import JsonTextError, parse_json
from benchbench.store.files import write_text


class TrainLog:
    """Writes lines of a run; lines past the step it resumes at are dropped first, they will be written again."""

    def __init__(self, path: Path, *, resume_at: int) -> None:
        self.path = path
        self.resume_at = resume_at
        self.last: Mapping[str, Any] = {}
        """The last line that stands in the file."""
        self._handle: TextIO | None = None

    def __enter__(self) -> Self:
        lines: list[str] = []
        if self.path.is_file():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    values = parse_json(line)
                except JsonTextError:
                    break  # the half line of a killed run
                if values["step"] <= self.resume_at:
                    lines.append(line)
                    self.last = values
        write_text(self.path, "".join(f"{line}\n" for line in lines))
        self._handle = self.path.open("a", encoding="utf-8", buffering=1)  # whole lines
        return self

    def write(self, line: Mapping[str, Any]) -> None:
        """Append one line."""
        assert self._handle is not None, "write inside the with block"
        self._handle.write(json.dumps(dict(line), sort_keys=True) + "\n")
        self.last = dict(line)

    def state(self) -> tuple[int, str]:
        """Length and sha256 of what stands in the file, which is on the disk then: a checkpoint rests on it."""
        assert self._handle is not None
        self._handle.flush()
        os.fsync(self._handle.fileno())
        content = self.path.read_bytes()
        return len(content), sha256(content).hexdigest()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._handle is not None
        self._handle.close()


class SilentLog:
    """The log of a process that writes none, since another one of its training does."""

    def __init__(self) -> None:
        self.last: Mapping[str, Any] = {}
        """The last line that would stand in the file."""

    def __enter__(self) -> Self:
        return self

    def write(self, line: Mapping[str, Any]) -> None:
        """Note a line."""
        self.last = dict(line)

    def state(self) -> tuple[int, str]:
        """Of an empty file."""
        return 0, sha256().hexdigest()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""


def log_fault(path: Path, length: int, digest: str) -> str:
    """What keeps a log from being that of a checkpoint; empty where nothing does. Later lines do not count.

    Args:
        path: of the log.
        length: in bytes, when the checkpoint was written.
        digest: sha256 of these bytes.
    """
    content = path.read_bytes()[:length] if path.is_file() else b""
    present = sha256(content).hexdigest()
    if present == digest:
        return ""
    return f"{path.name} has the content {present[:12]} ({len(content)} bytes), was written as {digest[:12]} ({length})"
