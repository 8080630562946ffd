"""The best and the worst candidate of every prompt as a pair.

Chosen is the candidate with the highest score, rejected the one with the lowest. It is how best-of-K data are usually
made into pairs, and how West-of-N makes training data for a reward model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_at_least_zero
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import best_of, expand, scores_of, with_candidates, worst_of


@dataclass(frozen=True)
class Options:
    """Which scores decide, and how far they must lie apart.

    Raises:
        ValueError: a gap below 0.
    """

    score: str = "score"
    """Column with a number per candidate, higher is better; `score` stands for the data's own ratings."""
    min_gap: float = 0.0
    """Smallest difference of the two scores, in their unit, >= 0; equal scores make no pair."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "min_gap")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """One pair per example; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        best, worst = best_of(scores), worst_of(scores)
        if scores[best] == scores[worst]:
            return "all scores equal"
        if scores[best] - scores[worst] < options.min_gap:
            return "scores closer than min_gap"
        return [with_candidates(example, (best, worst))]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="pairs_best_worst",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    sets_order=lambda options: True,
    paper=Paper(
        "Pace et al.",
        2024,
        arxiv="2401.12086",
        title="West-of-N: Synthetic Preferences for Self-Improving Reward Models",
    ),
)
