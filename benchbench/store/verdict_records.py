"""One answer of a judge as JSON, and the files of JSON lines in which earlier versions kept answers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import NamedTuple

from benchbench.core.json_text import parse_json
from benchbench.core.judge import Verdict

FAULTS = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)
"""What `verdict_of` raises for JSON that is no verdict."""


class OldAnswers(NamedTuple):
    """What a file of JSON lines holds."""

    verdicts: dict[str, Verdict]
    """By `verdict_key`; the first answer to a question counts."""
    damaged: int
    """Lines that are no verdict, such as one that a killed process left half-written."""


def verdict_json(verdict: Verdict) -> str:
    """A verdict as ASCII, which holds half a surrogate pair too."""
    return json.dumps(
        {
            "first_wins": verdict.first_wins,
            "raw": verdict.raw,
            "note": verdict.note,
            "usage": dict(verdict.usage),
            "answered_by": verdict.answered_by,
            "scores": verdict.scores,
        },
        allow_nan=False,
    )


def verdict_of(text: str | bytes) -> tuple[Verdict, str | None]:
    """The verdict that JSON holds, and the `key` beside it where one is.

    Raises:
        ValueError or another of `FAULTS`: it is no verdict.
    """
    values = parse_json(text)
    key, scores = values.pop("key", None), values.pop("scores", None)
    verdict = Verdict(**values, scores=None if scores is None else tuple(scores))
    if not _is_verdict(verdict):
        raise ValueError("expected the types and ranges of a verdict's values")
    return verdict, key


def read_old_answers(path: Path) -> OldAnswers:
    """The answers of a file of JSON lines; none where there is no such file."""
    verdicts: dict[str, Verdict] = {}
    damaged = 0
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            verdict, key = verdict_of(line)
            if not isinstance(key, str):
                raise ValueError("expected a key")
            verdicts.setdefault(key, verdict)
        except FAULTS:
            damaged += bool(line.strip())
    return OldAnswers(verdicts, damaged)


def _is_verdict(verdict: Verdict) -> bool:
    """Whether the values that were read are of the types and in the ranges of a verdict's."""
    wins, scores = verdict.first_wins, verdict.scores
    return (
        (wins is None or (_is_number(wins) and 0 <= wins <= 1))
        and all(isinstance(text, str) for text in (verdict.raw, verdict.note, verdict.answered_by))
        and isinstance(verdict.usage, dict)
        and all(_is_number(value) for value in verdict.usage.values())
        and (scores is None or (len(scores) == 2 and all(_is_number(score) for score in scores)))
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
