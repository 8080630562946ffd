"""Labels of pairs repaired by the mean margin of an ensemble of reward models.

The pairs with the lowest mean margin are probably labelled wrongly and change places; the next ones are ambiguous and
get a soft label; the others keep theirs, with the ensemble's mean margin for a loss that reads one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.ranges import require_within
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, number_of, with_candidates, with_columns


@dataclass(frozen=True)
class Options:
    """How many labels are flipped and softened.

    Raises:
        ValueError: a value out of its range.
    """

    margin: str = "margin_mean"
    """Column with a number per example: mean over the ensemble of chosen minus rejected; `ensemble_uncertainty` makes
    it."""
    flip_fraction: float = 0.2
    """Share of the pairs, those with the lowest margins, whose label is flipped, in [0, 1]."""
    soft_fraction: float = 0.2
    """Share of the pairs after those whose label is softened, in [0, 1]; the value is ours."""
    smoothing: float = 0.1
    """Probability in [0, 0.5] that a softened label is wrong; the value is ours."""

    def __post_init__(self) -> None:
        if min(self.flip_fraction, self.soft_fraction) < 0 or self.flip_fraction + self.soft_fraction > 1:
            raise ValueError("flip_fraction: expected shares of at least 0 that make at most 1 with soft_fraction")
        require_within(self, "smoothing", "[0, 0.5]", what="probability")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Pairs with `p_chosen` and `margin` (of flipped and softened pairs 0); shares are rounded down."""
    margins = {example.id: number_of(example, options.margin) for example in examples}
    ranked = sorted((name for name, margin in margins.items() if margin == margin), key=lambda name: margins[name])
    flipped = math.floor(options.flip_fraction * len(ranked))
    softened = flipped + math.floor(options.soft_fraction * len(ranked))
    rank = {name: place for place, name in enumerate(ranked)}
    remarks: Counter[str] = Counter()

    def rule(example: Example) -> Sequence[Example] | str:
        if example.id not in rank:
            return "margin missing"
        if rank[example.id] < flipped:
            remarks["label flipped"] += 1
            return [with_columns(with_candidates(example, (1, 0)), p_chosen=1.0, margin=0.0)]
        if rank[example.id] < softened:
            remarks["label softened"] += 1
            return [with_columns(example, p_chosen=1.0 - options.smoothing, margin=0.0)]
        return [with_columns(example, p_chosen=1.0, margin=margins[example.id])]

    return expand(examples, rule, changed=remarks)


TRANSFORM = Transform(
    name="ensemble_labels",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.margin, missing="keep"),),
    makes_columns=("p_chosen", "margin"),
    candidates=Candidates.PAIR,
    needs_order=True,
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2401.06080",
        title="Secrets of RLHF in Large Language Models Part II: Reward Modeling",
    ),
    open_question="Shares and the way the three kinds are combined are from descriptions of the paper, not its code.",
)
