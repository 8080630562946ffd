"""Each candidate's mean probability of winning against the candidates of its prompt, itself included with one half.

Under the logistic model of paired comparisons candidate i beats j with probability sigmoid((s_i - s_j) / temperature);
the column `win_rate` is the mean over all K candidates j, which SPPO regresses on. Make it before pairs are taken out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.logistic import sigmoid
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_columns


@dataclass(frozen=True)
class Options:
    """How scores become probabilities.

    Raises:
        ValueError: a temperature that is not above 0.
    """

    score: str = "score"
    """Column with a number per candidate, higher is better; `score` stands for the data's own ratings."""
    temperature: float = 1.0
    """Difference of scores that is worth one nat, > 0."""

    def __post_init__(self) -> None:
        require_above_zero(self, "temperature")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every example with `win_rate` [K] in (0, 1), whose mean is one half; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        wins = (math.fsum(sigmoid((mine - other) / options.temperature) for other in scores) for mine in scores)
        return [with_columns(example, win_rate=tuple(total / len(scores) for total in wins))]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="win_rates",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    makes_columns=("win_rate",),
    paper=Paper(
        "Wu et al.",
        2024,
        arxiv="2405.00675",
        title="Self-Play Preference Optimization for Language Model Alignment",
        note="There a model of pairs gives the probabilities; here a score of each response does.",
    ),
)
