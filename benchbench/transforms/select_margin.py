"""The share of the pairs with the smallest or the largest margin between their two scores.

A small margin of the policy's implicit rewards marks pairs it cannot tell apart; a large one marks labels to be
trusted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.ranges import require_within
from benchbench.core.transform import Counts, Transform, Transformed
from benchbench.data.derivation import scores_of


@dataclass(frozen=True)
class Options:
    """Which pairs stay.

    Raises:
        ValueError: a fraction outside (0, 1].
    """

    select: Literal["small", "large"]
    """The pairs with the smallest, or with the largest margins stay."""
    score: str = "score"
    """Column with a number per candidate: ratings (`score`), rewards, or implicit rewards of a policy."""
    keep_fraction: float = 0.5
    """Share of the pairs that stays, in (0, 1]; a fraction of a pair is rounded down."""
    signed: bool = False
    """The margin is chosen minus rejected, instead of its absolute value; pairs that the scores contradict are then
    the smallest."""

    def __post_init__(self) -> None:
        require_within(self, "keep_fraction", "(0, 1]", what="share")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """The pairs that stay, in their order; of equal margins the earlier pair stays; the seed is not read."""
    margins: dict[int, float] = {}
    for place, example in enumerate(examples):
        scores = scores_of(example, options.score)
        if scores is not None:
            margin = scores[0] - scores[1]
            margins[place] = margin if options.signed else abs(margin)
    sign = 1.0 if options.select == "small" else -1.0
    ranked = sorted(margins, key=lambda place: sign * margins[place])
    stays = sorted(ranked[: math.floor(options.keep_fraction * len(ranked))])
    outside = f"margin not among the {'smallest' if options.select == 'small' else 'largest'}"
    dropped = {"score missing": len(examples) - len(margins), outside: len(margins) - len(stays)}
    return [examples[place] for place in stays], Counts(dropped)


TRANSFORM = Transform(
    name="select_margin",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    candidates=Candidates.PAIR,
    paper=Paper(
        "Yang et al.",
        2024,
        arxiv="2406.17312",
        title=(
            "Not All Preference Pairs Are Created Equal: A Recipe for Annotation-Efficient Iterative Preference "
            "Learning"
        ),
    ),
)
