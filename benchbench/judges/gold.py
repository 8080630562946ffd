"""The toy world's own reward: the better response is known exactly, so no judge's taste is involved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.sources.toy.contests import gold_rewards


@dataclass(frozen=True)
class GoldOptions:
    """There are none: the reward follows from the toy world alone."""


def judge(options: GoldOptions, contests: Sequence[Contest], context: JudgeContext) -> Iterator[tuple[int, Verdict]]:
    """The higher gold reward wins; equal rewards tie.

    Raises:
        BenchError: a prompt that is not of the toy world, whose responses have no gold reward.
    """
    for place, contest in enumerate(contests):
        first, second = gold_rewards(contest, "gold")
        raw = json.dumps({"first": first, "second": second})
        yield place, Verdict(0.5 if first == second else float(first > second), raw, scores=(first, second))


JUDGE = Judge(name="gold", version=2, options=GoldOptions, sees_slots=False, judge=judge, source="toy")
