"""Every pair whose chosen candidate is preferred with a probability above a threshold (RS-DPO).

Of the candidates w and l, (w, l) is a pair where sigmoid((s_w - s_l) / tau) > eta. A prompt can have several pairs or
none; a lower tau keeps more pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from benchbench.core.example import Example
from benchbench.core.logistic import sigmoid
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_candidates


@dataclass(frozen=True)
class Options:
    """The threshold, and which scores decide.

    Raises:
        ValueError: a value out of its range.
    """

    score: str = "score"
    """Column with a number per candidate, such as a reward; `score` stands for the data's own ratings."""
    eta: float = 0.85
    """Probability that the chosen one is preferred, in [0.5, 1); a pair must lie above it."""
    tau: float = 1.0
    """Temperature, > 0, in the unit of the scores; with eta 0.85 and tau 1 the gap must exceed 1.735."""

    def __post_init__(self) -> None:
        require_within(self, "eta", "[0.5, 1)", what="probability")
        require_above_zero(self, "tau")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Pairs `ID-w-l` of the candidates at places w and l; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        pairs = [
            with_candidates(example, (w, lower), name=f"{example.id}-{w}-{lower}")
            for w, lower in permutations(range(len(scores)), 2)
            if sigmoid((scores[w] - scores[lower]) / options.tau) > options.eta
        ]
        return pairs or "no pair above the threshold"

    return expand(examples, rule)


TRANSFORM = Transform(
    name="pairs_threshold",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    sets_order=lambda options: True,
    paper=Paper(
        "Khaki et al.",
        2024,
        arxiv="2402.10038",
        title=(
            "RS-DPO: A Hybrid Rejection Sampling and Direct Preference Optimization Method for Alignment of Large "
            "Language Models"
        ),
        note="Rule and values from descriptions of the paper.",
    ),
)
