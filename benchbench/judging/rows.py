"""Answers of a judge as rows, and their summary."""

from __future__ import annotations

import math
from collections import ChainMap, Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from benchbench.core.judge import UNCOUNTED, Contest, Verdict
from benchbench.store.verdict_cache import VerdictCache
from benchbench.store.verdicts import ROW_COLUMNS

COLUMNS = (*ROW_COLUMNS, "cached")
"""Of the rows; `comparison.contests` says what they mean. `cached`: not asked in this run."""


class Question(NamedTuple):
    """A contest, in the order in which it is put."""

    contest: Contest
    order: str
    key: str | None
    """Of the cache; none for identical texts."""


@dataclass
class Answers:
    """What is known of the answers so far."""

    read: dict[str, Verdict]
    """From the cache."""
    received: dict[str, Verdict]
    """In this run, as the cache keeps them: another process's where that was first."""
    paid: dict[str, Verdict]
    """In this run, as they came."""


def together(every: Sequence[Answers], keys: Iterable[str]) -> Answers:
    """The answers that several processes had, in the order of these keys, as if one had asked for all."""

    def merged(parts: Iterable[Mapping[str, Verdict]]) -> dict[str, Verdict]:
        known = dict(ChainMap(*map(dict, parts)))
        return {key: known[key] for key in keys if key in known}

    keys = list(keys)
    return Answers(
        merged(answers.read for answers in every),
        merged(answers.received for answers in every),
        merged(answers.paid for answers in every),
    )


def row(question: Question, answers: Answers, label: str, opponent: str) -> dict[str, Any]:
    """One answer, seen from the label's side."""
    contest, order = question.contest, question.order
    text, opponent_text = contest.first, contest.second
    if order == "second":
        text, opponent_text = opponent_text, text
    cached = question.key in answers.read
    verdict = Verdict(0.5)
    if question.key is not None:
        verdict = answers.read[question.key] if cached else answers.received[question.key]
    score, their_score = verdict.scores or (math.nan, math.nan)
    if order == "second":
        score, their_score = their_score, score
    wins = math.nan if verdict.first_wins is None else verdict.first_wins
    return {
        "example": contest.example,
        "sample": contest.sample,
        "label": label,
        "opponent": opponent,
        "order": order,
        "outcome": 1 - wins if order == "second" else wins,
        "identical": question.key is None,
        "length": len(text),
        "opponent_length": len(opponent_text),
        "score": score,
        "opponent_score": their_score,
        "raw": verdict.raw,
        "note": verdict.note,
        "cached": cached,
    }


def summary(frame: pd.DataFrame, pairs: int, answers: Answers, cache: VerdictCache | None) -> dict[str, Any]:
    """The summary of the answers of one run; `judge_pairs` says what the names mean."""
    missing = frame[frame["outcome"].isna()]
    usage = _total(answers.paid)
    answered = Counter(v.answered_by for v in (*answers.read.values(), *answers.received.values()) if v.answered_by)
    return {
        "pairs": pairs,
        "identical": sum(map(bool, frame["identical"])),
        "calls": len(answers.received),
        "cached": len(answers.read),
        "missing": len(missing),
        "missing_notes": dict(Counter(missing["note"])),
        "cost": None if usage.get(UNCOUNTED) else usage.get("cost", 0.0),
        "usage": usage,
        "usage_cached": _total(answers.read),
        "answered_by": dict(sorted(answered.items())),
        "damaged_lines": 0 if cache is None else cache.damaged,
    }


def _total(verdicts: Mapping[str, Verdict]) -> dict[str, float]:
    """Usage summed in the order of the names, so that the order of arrival moves no sum."""
    names = sorted({name for verdict in verdicts.values() for name in verdict.usage})
    return {name: math.fsum(verdict.usage.get(name, 0) for verdict in verdicts.values()) for name in names}
