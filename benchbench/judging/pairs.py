"""Two sets of responses compared by a judge: texts in, one row per answer of the judge out.

Identical texts tie without a call. A judge that sees slots is asked in both orders. What was ever answered is read from
the cache, and every new answer is kept there before the next one is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import pandas as pd

from benchbench.core.example import Message
from benchbench.core.judge import Contest, Judge, JudgeContext
from benchbench.judging.identity import judge_identity
from benchbench.judging.questions import ask
from benchbench.judging.responses import Response, matched
from benchbench.judging.rows import COLUMNS, Answers, Question, row, summary, together
from benchbench.store.verdict_cache import VerdictCache, verdict_key

Prompts = Mapping[str, Sequence[Message]]


def judge_pairs(
    judge: Judge,
    options: Any,
    prompts: Prompts,
    responses: pd.DataFrame,
    opponents: pd.DataFrame,
    *,
    label: str,
    opponent: str,
    cache: VerdictCache | None,
    context: JudgeContext,
    progress: Callable[[int, int], None] = lambda done, total: None,
    who: Mapping[str, Any] | None = None,
    number: int = 0,
    world: int = 1,
    gathered: Callable[[Answers], Sequence[Answers]] = lambda answers: [answers],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Verdicts on every response against the opponent's to the same example and sample.

    Args:
        judge: the exhibit.
        options: an instance of its options.
        prompts: messages by example; others may be there too.
        responses: columns `example`, `sample`, `text`, and `finish` where known (`length`: it was cut).
        opponents: as `responses`, of the same examples and samples (`responses.one_per_example` repeats
            a single text).
        label: whose responses they are.
        opponent: whose the others are.
        cache: of this judge; none asks for everything.
        context: where the judge works.
        progress: (answers given, answers asked for), after each of them; what it raises ends the run at once, and
            nothing that came before is lost.
        who: the judge's identity, where it was settled before; what the judge reads must have it.
        number: of this process, of those that share the prompts.
        world: how many there are.
        gathered: gives the answers of all of them, in each of them.

    Returns:
        Rows sorted by example, sample and order, and a summary: `pairs`, `identical`, `calls` (contests put to the
        judge), `cached` (answers read instead), `missing` and `missing_notes`, `cost` (none where it is unknown) and
        `usage` of this run, `usage_cached` of what was read, `answered_by`, `damaged_lines` of the cache.

    Raises:
        BenchError: responses that do not belong together, or what the judge raises; what it gave before is kept.
        Interrupted: `context.should_stop` said so; what the judge gave is kept.
    """
    pairs = matched(prompts, responses, opponents, label=label, opponent=opponent)
    who = judge_identity(judge, options, context.folder) if who is None else who
    context = replace(context, pins=who["identity"])
    questions = [q for response, opposing in pairs for q in _questions(judge, who, prompts, response, opposing)]
    wanted = {q.key: q.contest for q in questions if q.key is not None}  # the same texts twice are asked once
    answers = Answers({}, {}, {})
    ours = _shared_out(wanted, number, world)
    with closing(ask(judge, options, ours, answers, cache, context)) as coming:
        for key, _ in coming:
            if key in answers.received:
                progress(len(answers.received), len(ours) - len(answers.read))
    answers = together(gathered(answers), wanted)
    rows = [row(q, answers, label, opponent) for q in questions]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(
        {"outcome": "float64", "score": "float64", "opponent_score": "float64"}
    )
    return frame, summary(frame, len(pairs), answers, cache)


def _shared_out(wanted: Mapping[str, Contest], number: int, world: int) -> dict[str, Contest]:
    """The contests of every so manieth prompt, which one process puts to the judge."""
    places = {name: place for place, name in enumerate(dict.fromkeys(c.example for c in wanted.values()))}
    return {key: contest for key, contest in wanted.items() if places[contest.example] % world == number}


def _questions(
    judge: Judge, who: Mapping[str, Any], prompts: Prompts, response: Response, opposing: Response
) -> Iterator[Question]:
    def contest(first: Response, second: Response) -> Contest:
        prompt = tuple(prompts[response.example])
        return Contest(response.example, response.sample, prompt, first.text, second.text, first.ended, second.ended)

    if response.text == opposing.text:
        yield Question(contest(response, opposing), "both", None)
        return
    orders = {"first": contest(response, opposing), "second": contest(opposing, response)}
    for order, contest_in_order in orders.items() if judge.sees_slots else [("both", orders["first"])]:
        yield Question(contest_in_order, order, verdict_key(who, contest_in_order))
