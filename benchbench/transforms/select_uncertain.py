"""Pairs drawn by the uncertainty of an estimator, easy ones, hard ones or both (UPO).

Pairs on which the estimator contradicts the label are left out. Of the rest, easy pairs are drawn without replacement
with weights max(0, 1 - B), hard ones with max(0, B), where B is the disagreement of the estimator's passes in nats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.ranges import require_within
from benchbench.core.seeding import stream
from benchbench.core.transform import Counts, Transform, Transformed
from benchbench.data.derivation import number_of


@dataclass(frozen=True)
class Options:
    """Which pairs are drawn, and how many.

    Raises:
        ValueError: a rate outside (0, 0.5].
    """

    p_mean: str = "p_mean"
    """Column with a number per example: the estimator's mean probability that chosen is preferred."""
    uncertainty: str = "uncertainty"
    """Column with a number per example: B, the estimator's disagreement in nats."""
    select: Literal["easy", "hard", "both"] = "both"
    """Which set is drawn; `both` is their union, and a pair of both is there once."""
    rate: float = 0.5
    """Share of the pairs that agree with the label to draw for each set, in (0, 0.5], rounded down."""

    def __post_init__(self) -> None:
        require_within(self, "rate", "(0, 0.5]", what="share")


def weighted_draw(weights: Sequence[float], count: int, uniforms: Sequence[float]) -> list[int]:
    """Places of up to `count` items drawn one after the other with these weights, without replacement.

    An item with an exponential of its weight's rate is drawn before those with later ones, which is that distribution;
    items of weight 0 are never drawn.
    """
    times = {
        k: -math.log1p(-u) / weight for k, (weight, u) in enumerate(zip(weights, uniforms, strict=True)) if weight > 0
    }
    return sorted(times, key=lambda k: times[k])[:count]


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """The drawn pairs in their order."""
    known = [
        (place, number_of(example, options.p_mean), number_of(example, options.uncertainty))
        for place, example in enumerate(examples)
    ]
    known = [row for row in known if row[1] == row[1] and row[2] == row[2]]
    agree = [(place, bald) for place, p, bald in known if p >= 0.5]
    drawn: set[int] = set()
    for kind in ("easy", "hard") if options.select == "both" else (options.select,):
        weights = [max(0.0, 1.0 - bald if kind == "easy" else bald) for _, bald in agree]
        uniforms = stream(seed, f"select_uncertain {kind}").random(len(agree)).tolist()
        picks = weighted_draw(weights, math.floor(options.rate * len(agree)), uniforms)
        drawn |= {agree[k][0] for k in picks}
    dropped = {
        "uncertainty missing": len(examples) - len(known),
        "estimator against the label": len(known) - len(agree),
        "not drawn": len(agree) - len(drawn),
    }
    return [examples[place] for place in sorted(drawn)], Counts(dropped)


TRANSFORM = Transform(
    name="select_uncertain",
    options=Options,
    apply=apply,
    reads=lambda options: (
        Column(options.p_mean, low=0.0, high=1.0, missing="keep"),
        Column(options.uncertainty, missing="keep"),
    ),
    candidates=Candidates.PAIR,
    needs_order=True,
    random=True,
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2409.11212",
        title="Self-Evolutionary Large Language Models through Uncertainty-Enhanced Preference Optimization",
        note="Selection as in wjn1996/Uncertainty-Preference-Optimization at 29a1c21, whose training is plain DPO.",
    ),
)
