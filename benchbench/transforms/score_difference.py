"""By how much the scores of a pair's two responses differ, first minus second: the column that `odpo` reads.

Pairs that differ by too little have no offset log(difference) and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_columns


@dataclass(frozen=True)
class Options:
    """Which scores, and from which difference on a pair stays."""

    score: str = "score"
    """Column with a number per candidate; `score` stands for the data's own ratings."""
    at_least: float | None = 1e-6
    """Pairs whose difference is smaller are left out, in units of the score; none keeps all. 1e-6 is the least that
    `odpo` takes."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every pair with `score_gap`, in units of the score; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        difference = scores[0] - scores[1]
        if options.at_least is not None and difference < options.at_least:
            return "difference too small"
        return [with_columns(example, score_gap=difference)]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="score_difference",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    makes_columns=("score_gap",),
    candidates=Candidates.PAIR,
    paper=Paper(
        "Amini et al.",
        2024,
        arxiv="2402.10571",
        title="Direct Preference Optimization with an Offset",
        note="The gap within the offset; leaving out small ones is ours.",
    ),
)
