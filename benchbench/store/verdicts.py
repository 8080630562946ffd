"""Verdicts: a cache of every answer that a judge ever gave, and verdicts.jsonl of a finished judge stage."""

from __future__ import annotations

import fcntl
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from benchbench.core.errors import BenchError
from benchbench.core.hashing import fingerprint
from benchbench.core.judge import Contest, Verdict
from benchbench.store.files import write_text

FILE = "verdicts.jsonl"
TURN_SECONDS = 0.5
"""Between two looks at whether another process has left a judge."""
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

    Every answer is on disk before `add` returns. Several processes may add to one file, and the first answer to a
    question is the one that all of them keep. A line that a killed process left half-written is passed over, and
    costs one call.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        """Lines that were no verdict."""
        self._kept: dict[str, Verdict] = {}
        self._end = 0  # of what was read, in bytes
        self.refresh()

    @classmethod
    def of(cls, root: Path, judge: Mapping[str, Any]) -> VerdictCache:
        """The cache of a judge below a `runs/` folder: verdicts/<name>-<fingerprint of its identity>.jsonl."""
        return cls(root / "verdicts" / f"{judge['name']}-{fingerprint(judge)}.jsonl")

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> Verdict | None:
        """The answer that was given, a missing verdict included; none where the judge was never asked."""
        return self._kept.get(key)

    def refresh(self) -> None:
        """Read what other processes added since."""
        if self.path.is_file():
            with self.path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                self._read_on(file)

    def add(self, key: str, verdict: Verdict) -> Verdict:
        """Keep an answer; what comes back is the kept one, another process's where that was first."""
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
            whole = self._read_on(file)
            if key in self._kept:
                return self._kept[key]
            file.write(line if whole else b"\n" + line)  # after half a line of a killed run
            file.flush()
            self._end = file.seek(0, os.SEEK_END)
        self._kept[key] = verdict
        return verdict

    @contextmanager
    def alone(self, should_stop: Callable[[], bool], waiting: Callable[[], None]) -> Iterator[bool]:
        """Be the one process that asks this judge while the block lasts; what others were told is read first.

        Args:
            should_stop: looked at twice a second while another process is at it.
            waiting: called once before a wait.

        Yields:
            Whether the turn came; not where it was to stop.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("wb") as file:
            told = False
            while not _locked(file):
                if should_stop():
                    yield False
                    return
                if not told:
                    waiting()
                    told = True
                time.sleep(TURN_SECONDS)
            self.refresh()
            yield True

    def _read_on(self, file: BinaryIO) -> bool:
        """Take in what stands behind what was read already; whether the file ends with a whole line, or is empty."""
        if file.seek(0, os.SEEK_END) < self._end:  # it was made anew
            self._end = 0
        file.seek(max(0, self._end - 1))
        data = file.read()
        for line in data[min(1, self._end) :].splitlines():
            self._read(line)
        self._end = file.tell()
        return data[-1:] in (b"", b"\n")

    def _read(self, line: bytes) -> None:
        try:
            values = json.loads(line)
            key, scores = values.pop("key"), values.pop("scores", None)
            verdict = Verdict(**values, scores=None if scores is None else tuple(scores))
            if not isinstance(key, str) or not _is_verdict(verdict):
                raise ValueError("no verdict")
            self._kept.setdefault(key, verdict)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            self.damaged += bool(line.strip())


def _locked(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_verdict(found: Verdict) -> bool:
    """Whether the values that were read are of the types and in the ranges of a verdict's."""
    wins, scores = found.first_wins, found.scores
    return (
        (wins is None or (_is_number(wins) and 0 <= wins <= 1))
        and all(isinstance(text, str) for text in (found.raw, found.note, found.answered_by))
        and isinstance(found.usage, dict)
        and all(_is_number(value) for value in found.usage.values())
        and (scores is None or (len(scores) == 2 and all(_is_number(score) for score in scores)))
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


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
