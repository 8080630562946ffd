"""How alike two models rank the candidates of a prompt: (tau + 1) / 2 with Kendall's tau of the two rankings.

CREAM trusts a pair as far as its prompt's consistency goes. Make it before pairs are taken out; equal scores rank as
they stand, as in the authors' code.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.transform import Counts, Transform, Transformed
from benchbench.data.derivation import scores_of, with_columns
from benchbench.data.rank_agreement import consistency


@dataclass(frozen=True)
class Options:
    """Whose rankings are compared.

    Raises:
        ValueError: one column twice.
    """

    current: str
    """Column with a number per candidate, from the current model."""
    previous: str
    """The same from the previous model."""
    average: bool = False
    """Give every example the mean over the split."""

    def __post_init__(self) -> None:
        if self.current == self.previous:
            raise ValueError(f"previous: expected another column than current, got '{self.previous}'")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every example of two candidates or more with `consistency` in [0, 1]; the seed is not read."""
    values: dict[int, float] = {}
    single = 0
    for place, example in enumerate(examples):
        current, previous = scores_of(example, options.current), scores_of(example, options.previous)
        single += len(example.candidates) < 2
        if len(example.candidates) > 1 and current is not None and previous is not None:
            values[place] = consistency(current, previous)
    mean = math.fsum(values.values()) / len(values) if values else math.nan
    results = [
        with_columns(examples[place], consistency=mean if options.average else value) for place, value in values.items()
    ]
    dropped = {"single candidate": single, "score missing": len(examples) - len(values) - single}
    return results, Counts(dropped)


TRANSFORM = Transform(
    name="ranking_consistency",
    options=Options,
    apply=apply,
    reads=lambda options: tuple(
        Column(name, per="candidate", missing="keep") for name in (options.current, options.previous)
    ),
    makes_columns=("consistency",),
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2410.12735",
        title="CREAM: Consistency Regularized Self-Rewarding Language Models",
        note="Ranks and tau as in Raibows/CREAM at de1d04b, cal_consistency.py; keyed by example.",
    ),
)
