"""Which candidates are desirable: those with a score of at least a threshold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Column
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_columns


@dataclass(frozen=True)
class Options:
    """What a desirable response scores."""

    threshold: float
    """Smallest score of a desirable response, in the unit of the score."""
    score: str = "score"
    """Column with a number per candidate; `score` stands for the data's own ratings."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every example with `desirable` [K]: 1 or 0; the seed is not read."""
    remarks: Counter[str] = Counter()

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        desirable = tuple(float(score >= options.threshold) for score in scores)
        remarks["without a desirable candidate"] += not any(desirable)
        return [with_columns(example, desirable=desirable)]

    return expand(examples, rule, changed=remarks)


TRANSFORM = Transform(
    name="desirable",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    makes_columns=("desirable",),
)
