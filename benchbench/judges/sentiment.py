"""The more positive text wins: a judge for the controlled experiment in which the reward of a text is its sentiment."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.data.sentiment import PACKAGE, compound_sentiment, sentiment_version


@dataclass(frozen=True)
class SentimentOptions:
    """What is scored."""

    of: Literal["response", "whole"] = "response"
    """`response`: the response alone; `whole`: the last message of the prompt and the response, a space between."""


def judge(
    options: SentimentOptions, contests: Sequence[Contest], context: JudgeContext
) -> Iterator[tuple[int, Verdict]]:
    """The higher compound score wins; equal scores tie. A response that was cut is scored as far as it goes.

    Raises:
        BenchError: the library that scores texts is not installed.
    """
    for place, contest in enumerate(contests):
        before = f"{contest.prompt[-1].content} " if options.of == "whole" else ""
        first, second = (compound_sentiment(before + text) for text in (contest.first, contest.second))
        raw = json.dumps({"first": first, "second": second})
        yield place, Verdict(0.5 if first == second else float(first > second), raw, scores=(first, second))


def identity(options: SentimentOptions, folder: Path) -> Mapping[str, str]:
    """The version of the library, whose lexicon decides.

    Raises:
        BenchError: the library is not installed.
    """
    return {PACKAGE: sentiment_version("judge sentiment")}


JUDGE = Judge(name="sentiment", version=1, options=SentimentOptions, sees_slots=False, judge=judge, identity=identity)
