"""The annotator who labels the toy world, as a judge of responses: a known taste for length beside a known reward.

It shows what a judge with that taste does to a win rate, and what length control makes of it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.judge import Contest, Judge, JudgeContext, Verdict
from benchbench.sources.toy.annotator import Annotator
from benchbench.sources.toy.contests import gold_rewards


@dataclass(frozen=True)
class ToyAnnotatorOptions:
    """The annotator's bias and errors, named as in the options of the source `toy`.

    Raises:
        ValueError: a value out of its range.
    """

    length_bias: float = 0.3
    """Gold reward that four more words are worth to the annotator, in [-100, 100]; at 0.3 a filler costs nothing."""
    flip_rate: float = 0.0
    """Probability that a verdict is flipped, in [0, 1]."""

    def __post_init__(self) -> None:
        for name, low, high in (("length_bias", -100.0, 100.0), ("flip_rate", 0.0, 1.0)):
            value = getattr(self, name)
            if not math.isfinite(value) or not low <= value <= high:
                raise ValueError(f"{name}: expected a number from {low:g} to {high:g}, got {value}")


def judge(
    options: ToyAnnotatorOptions, contests: Sequence[Contest], context: JudgeContext
) -> Iterator[tuple[int, Verdict]]:
    """The probability that the annotator prefers the first, flips included; nothing is drawn.

    Raises:
        BenchError: a prompt that is not of the toy world.
    """
    annotator = Annotator(options.length_bias, options.flip_rate)
    for place, contest in enumerate(contests):
        gold = gold_rewards(contest, "toy_annotator")
        texts = (contest.first, contest.second)
        scores = (annotator.utility(texts[0], gold[0]), annotator.utility(texts[1], gold[1]))
        raw = json.dumps({"first": scores[0], "second": scores[1]})
        yield place, Verdict(annotator.labels_first(texts, gold), raw, scores=scores)


JUDGE = Judge(name="toy_annotator", version=1, options=ToyAnnotatorOptions, sees_slots=False, judge=judge, source="toy")
