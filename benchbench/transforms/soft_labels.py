"""Soft labels of pairs from two scores: p_chosen = sigmoid((s_chosen - s_rejected) / temperature).

The scores are a column, such as ratings or the rewards of a reward model; the order of the pair stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.logistic import sigmoid
from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_columns


@dataclass(frozen=True)
class Options:
    """How scores become a probability.

    Raises:
        ValueError: a value out of its range.
    """

    score: str = "score"
    """Column with a number per candidate, higher is better; `score` stands for the data's own ratings."""
    temperature: float = 1.0
    """Difference of scores that is worth one nat, > 0."""
    smoothing: float = 0.0
    """Probability in [0, 0.5] that a label is wrong whatever the scores say: p becomes (1 - 2 e) p + e."""

    def __post_init__(self) -> None:
        require_above_zero(self, "temperature")
        require_within(self, "smoothing", "[0, 0.5]", what="probability")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every pair with `p_chosen` in (0, 1); pairs whose scores say otherwise are counted; the seed is not read."""
    remarks: Counter[str] = Counter()

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        p = sigmoid((scores[0] - scores[1]) / options.temperature)
        remarks["p_chosen below one half, order kept"] += p < 0.5
        return [with_columns(example, p_chosen=(1 - 2 * options.smoothing) * p + options.smoothing)]

    return expand(examples, rule, changed=remarks)


TRANSFORM = Transform(
    name="soft_labels",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    makes_columns=("p_chosen",),
    candidates=Candidates.PAIR,
    paper=Paper(
        "Bradley and Terry",
        1952,
        title="Rank Analysis of Incomplete Block Designs: I. The Method of Paired Comparisons",
        note="The logistic model of paired comparisons; Biometrika 39.",
    ),
)
