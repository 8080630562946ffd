"""Two sets of responses held against each other: texts in, one row per answer of the judge out.

Identical texts tie without a call. A judge that sees slots is asked in both orders. What was ever answered is read from
the cache, and every new answer is kept there before the next one is waited for.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import pandas as pd

from benchbench.core.errors import BenchError
from benchbench.core.example import Message
from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.judging.identity import judge_identity
from benchbench.judging.responses import Response, matched
from benchbench.store.verdicts import ROW_COLUMNS, VerdictCache, verdict_key

COLUMNS = (*ROW_COLUMNS, "cached")
"""Of the rows; `comparison.contests` says what they mean. `cached`: not asked in this run."""
Prompts = Mapping[str, Sequence[Message]]


class _Question(NamedTuple):
    contest: Contest
    order: str
    key: str | None
    """Of the cache; none for identical texts."""


@dataclass
class _Asked:
    """What is known of the answers so far."""

    read: dict[str, Verdict]
    given: dict[str, Verdict]


def judge_pairs(
    judge: Judge,
    options: Any,
    prompts: Prompts,
    ours: pd.DataFrame,
    theirs: pd.DataFrame,
    *,
    label: str,
    opponent: str,
    cache: VerdictCache | None,
    context: JudgeContext,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Verdicts on every response of ours against theirs of the same example and sample.

    Args:
        judge: the exhibit.
        options: an instance of its options.
        prompts: messages by example; others may be there too.
        ours: columns `example`, `sample`, `text`, and `finish` where known (`length`: it was cut).
        theirs: as `ours`, of the same examples and samples (`judging.responses.one_per_example` repeats a single text).
        label: whose responses `ours` are.
        opponent: whose `theirs` are.
        cache: of this judge; none asks for everything.
        context: where the judge works.
        progress: (answers given, answers asked for), after each of them; what it raises ends the run, and nothing
            that was answered is lost.

    Returns:
        Rows sorted by example, sample and order, and a summary: `pairs`, `identical`, `calls` (contests put to the
        judge), `cached` (answers read instead), `missing` and `missing_notes`, `cost` and `usage` of this run,
        `usage_cached` of what was read, `answered_by`, `damaged_lines` of the cache.

    Raises:
        BenchError: responses that do not belong together, or what the judge raises; what it gave before is kept.
    """
    pairs = matched(prompts, ours, theirs, label=label, opponent=opponent)
    who = judge_identity(judge, options, context.folder)
    questions = [q for ours, theirs in pairs for q in _questions(judge, who, prompts, ours, theirs)]
    wanted = {q.key: q.contest for q in questions if q.key is not None}  # the same texts twice are asked once
    kept = {key: cache.get(key) for key in wanted} if cache is not None else {}
    asked = _Asked({key: verdict for key, verdict in kept.items() if verdict is not None}, {})
    _ask(judge, options, {k: c for k, c in wanted.items() if k not in asked.read}, asked, cache, context, progress)
    rows = [_row(q, asked, label, opponent) for q in questions]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(
        {"outcome": "float64", "score": "float64", "opponent_score": "float64"}
    )
    return frame, _summary(frame, len(pairs), asked, cache)


def _questions(
    judge: Judge, who: Mapping[str, Any], prompts: Prompts, ours: Response, theirs: Response
) -> Iterator[_Question]:
    def contest(first: Response, second: Response) -> Contest:
        prompt = tuple(prompts[ours.example])
        return Contest(ours.example, ours.sample, prompt, first.text, second.text, first.ended, second.ended)

    if ours.text == theirs.text:
        yield _Question(contest(ours, theirs), "both", None)
        return
    orders = {"first": contest(ours, theirs), "second": contest(theirs, ours)}
    for order, one in orders.items() if judge.sees_slots else [("both", orders["first"])]:
        yield _Question(one, order, verdict_key(who, one))


def _ask(
    judge: Judge,
    options: Any,
    wanted: Mapping[str, Contest],
    asked: _Asked,
    cache: VerdictCache | None,
    context: JudgeContext,
    progress: Callable[[int, int], None],
) -> None:
    keys = list(wanted)
    if not keys:
        return
    try:
        # a generator, so that closing it ends what the judge has under way
        with closing(cast(Any, judge.judge(options, list(wanted.values()), context))) as verdicts:
            for place, verdict in verdicts:
                asked.given[keys[place]] = verdict
                if cache is not None and _is_answer(verdict):
                    cache.add(keys[place], verdict)
                progress(len(asked.given), len(keys))
    except BenchError as error:
        if cache is None or not asked.given:
            raise
        raise BenchError(
            f"{error}\n{len(asked.given)} of {len(keys)} verdicts came before and are kept in {cache.path}; "
            "the next run asks only for the others",
            exit_code=error.exit_code,
        ) from None
    if len(asked.given) != len(keys):
        raise RuntimeError(f"judge {judge.name} gave {len(asked.given)} verdicts on {len(keys)} contests")


def _is_answer(verdict: Verdict) -> bool:
    """Whether it is worth keeping: a missing verdict only where the judge said something."""
    return verdict.first_wins is not None or verdict.raw != ""


def _row(question: _Question, asked: _Asked, label: str, opponent: str) -> dict[str, Any]:
    contest, order = question.contest, question.order
    ours, theirs = contest.first, contest.second
    if order == "second":
        ours, theirs = theirs, ours
    cached = question.key in asked.read
    verdict = Verdict(0.5)
    if question.key is not None:
        verdict = asked.read[question.key] if cached else asked.given[question.key]
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
        "length": len(ours),
        "opponent_length": len(theirs),
        "score": score,
        "opponent_score": their_score,
        "raw": verdict.raw,
        "note": verdict.note,
        "cached": cached,
    }


def _summary(frame: pd.DataFrame, pairs: int, asked: _Asked, cache: VerdictCache | None) -> dict[str, Any]:
    missing = frame[frame["outcome"].isna()]
    usage = _total(asked.given)
    answered = Counter(v.answered_by for v in (*asked.read.values(), *asked.given.values()) if v.answered_by)
    return {
        "pairs": pairs,
        "identical": sum(map(bool, frame["identical"])),
        "calls": len(asked.given),
        "cached": len(asked.read),
        "missing": len(missing),
        "missing_notes": dict(Counter(missing["note"])),
        "cost": usage.get("cost", 0.0),
        "usage": usage,
        "usage_cached": _total(asked.read),
        "answered_by": dict(sorted(answered.items())),
        "damaged_lines": 0 if cache is None else cache.damaged,
    }


def _total(verdicts: Mapping[str, Verdict]) -> dict[str, float]:
    """Usage summed in the order of the names, so that the order of arrival moves no sum."""
    names = sorted({name for verdict in verdicts.values() for name in verdict.usage})
    return {name: math.fsum(verdict.usage.get(name, 0) for verdict in verdicts.values()) for name in names}
