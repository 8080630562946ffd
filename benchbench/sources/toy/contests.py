"""Contests of the toy world: the gold rewards of both sides, which the judges that know this world go by."""

from __future__ import annotations

from benchbench.core.errors import BenchError
from benchbench.core.judge import Contest
from benchbench.sources.toy.gold import gold_reward


def gold_rewards(contest: Contest, judge: str) -> tuple[float, float]:
    """Gold reward of the first and of the second text.

    A response that was cut before it ended has the reward of an unreadable one, as the world's rules say.

    Raises:
        BenchError: a prompt that is not of the toy world; `judge` is named in the message.
    """
    try:
        (message,) = contest.prompt
        first = gold_reward(message.content, contest.first, ended=contest.first_ended)
        second = gold_reward(message.content, contest.second, ended=contest.second_ended)
    except ValueError as error:
        raise BenchError(
            f"judge {judge}: example {contest.example} is not of the toy world ({error}); only source 'toy' has gold "
            "rewards, choose another judge"
        ) from None
    return first.reward, second.reward
