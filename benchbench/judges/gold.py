"""The toy world's own reward: what is better there is known, so no judge's taste comes between.

A response that was cut before it ended has the reward of an unreadable one, as the world's rules say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.errors import BenchError
from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.sources.toy import gold_reward


@dataclass(frozen=True)
class Options:
    """None: the reward is what the world says."""


def judge(options: Options, contests: Sequence[Contest], context: JudgeContext) -> Iterator[tuple[int, Verdict]]:
    """The higher gold reward wins; equal rewards tie.

    Raises:
        BenchError: a prompt that is not of the toy world, whose responses have no gold reward.
    """
    for place, contest in enumerate(contests):
        first = _reward(contest, contest.first, ended=contest.first_ended)
        second = _reward(contest, contest.second, ended=contest.second_ended)
        raw = json.dumps({"first": first, "second": second})
        yield place, Verdict(0.5 if first == second else float(first > second), raw)


def _reward(contest: Contest, text: str, *, ended: bool) -> float:
    try:
        (message,) = contest.prompt
        return gold_reward(message.content, text, ended=ended).reward
    except ValueError as error:
        raise BenchError(
            f"judge gold: example {contest.example} is not of the toy world ({error}); only the source 'toy' has gold "
            "rewards, choose another judge"
        ) from None


JUDGE = Judge(name="gold", version=1, options=Options, sees_slots=False, judge=judge)
