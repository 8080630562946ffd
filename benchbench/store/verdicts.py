"""Verdicts: a cache of every answer that a judge ever gave, and verdicts.jsonl of a finished judge stage."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.core.errors import BenchError
from benchbench.core.hashing import fingerprint
from benchbench.core.judge import Contest, Verdict
from benchbench.store.files import write_text

FILE = "verdicts.jsonl"
ROW_COLUMNS = (
    "example",
    "sample",
    "label",
    "opponent",
    "order",
    "outcome",
    "identical",
    "length",
    "opponent_length",
    "score",
    "opponent_score",
    "raw",
    "note",
)
"""What verdicts.jsonl holds, so that a run that only read the cache writes the same bytes as the one that filled it."""


def verdict_key(judge: Mapping[str, Any], contest: Contest) -> str:
    """What an answer is kept under: the judge's identity, the prompt, and both texts in their slots.

    Args:
        judge: everything that pins the judge's verdicts, as plain values.
        contest: neither the example's name nor the sample's number counts.
    """
    return fingerprint(
        {
            "judge": judge,
            "prompt": [[message.role, message.content] for message in contest.prompt],
            "texts": [[contest.first, contest.first_ended], [contest.second, contest.second_ended]],
        }
    )


class VerdictCache:
    """Answers of one judge by `verdict_key`, in a file that is only ever added to.

    Every answer is on disk before `add` returns. Several processes may add to one file. A line that a killed process
    left half-written is passed over, and costs one call.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        """Lines that were no verdict."""
        self._kept: dict[str, Verdict] = {}
        for line in path.read_bytes().splitlines() if path.is_file() else ():
            self._read(line)

    @classmethod
    def of(cls, root: Path, judge: Mapping[str, Any]) -> VerdictCache:
        """The cache of a judge below a `runs/` folder: verdicts/<name>-<fingerprint of its identity>.jsonl."""
        return cls(root / "verdicts" / f"{judge['name']}-{fingerprint(judge)}.jsonl")

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> Verdict | None:
        """The answer that was given, a missing verdict included; none where the judge was never asked."""
        return self._kept.get(key)

    def add(self, key: str, verdict: Verdict) -> None:
        """Keep an answer; the first one stays where two processes asked the same."""
        self._kept.setdefault(key, verdict)
        values = {
            "key": key,
            "first_wins": verdict.first_wins,
            "raw": verdict.raw,
            "note": verdict.note,
            "usage": dict(verdict.usage),
            "answered_by": verdict.answered_by,
            "scores": verdict.scores,
        }
        line = json.dumps(values, allow_nan=False).encode() + b"\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                line = b"\n" + line  # half a line of a killed run
            file.write(line)

    def _read(self, line: bytes) -> None:
        try:
            values = json.loads(line)
            key, scores = values.pop("key"), values.pop("scores", None)
            self._kept.setdefault(key, Verdict(**values, scores=None if scores is None else tuple(scores)))
        except (ValueError, TypeError, KeyError, AttributeError):
            self.damaged += bool(line.strip())


def write_verdicts(folder: Path, rows: pd.DataFrame) -> None:
    """Store the rows of a finished judge stage, one JSON line each, whole or not at all; a missing outcome is null."""
    values = rows[list(ROW_COLUMNS)].astype(object).where(rows[list(ROW_COLUMNS)].notna(), None)
    lines = (json.dumps(dict(zip(ROW_COLUMNS, row, strict=True))) for row in values.itertuples(index=False, name=None))
    write_text(folder / FILE, "".join(f"{line}\n" for line in lines))


def read_verdicts(folder: Path) -> pd.DataFrame:
    """The rows of a finished judge stage.

    Raises:
        BenchError: the file is missing or damaged.
    """
    path = folder / FILE
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        frame = pd.DataFrame([[row[name] for name in ROW_COLUMNS] for row in rows], columns=list(ROW_COLUMNS))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(
            f"{path}: expected verdict rows, found a missing or damaged file ({error}); "
            "remove its folder and run the command that makes it"
        ) from None
    return frame.astype({"outcome": "float64", "score": "float64", "opponent_score": "float64"})
