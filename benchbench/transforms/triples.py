"""Triples of ranked candidates: gold (best), chosen (second), rejected (lowest), in this order.

The data of Triple Preference Optimization, which trains on the gold response and prefers chosen to rejected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_candidates

ROLES = ("gold", "chosen", "rejected")


@dataclass(frozen=True)
class Options:
    """Which scores rank the candidates."""

    score: str = "score"
    """Column with a number per candidate, higher is better; `score` stands for the data's own ratings."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """One triple per example of three candidates or more; equal scores rank as they stand; the seed is not read."""
    remarks: Counter[str] = Counter()

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        if len(scores) < 3:
            return "fewer than three candidates"
        ranked = sorted(range(len(scores)), key=lambda k: -scores[k])
        gold, chosen, rejected = ranked[0], ranked[1], ranked[-1]
        if scores[chosen] == scores[rejected]:
            return "chosen and rejected scored alike"
        remarks["gold and chosen scored alike"] += scores[gold] == scores[chosen]
        return [replace(with_candidates(example, (gold, chosen, rejected)), roles=ROLES)]

    return expand(examples, rule, changed=remarks)


TRANSFORM = Transform(
    name="triples",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    makes_parts=("gold",),
    version=2,
    sets_order=lambda options: True,
    paper=Paper(
        "Saeidi et al.",
        2024,
        arxiv="2405.16681",
        title="Triple Preference Optimization: Achieving Better Alignment using a Single Step Optimization",
    ),
)
