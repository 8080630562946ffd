"""The best candidate of every prompt against each of the others, the widest gap first.

K candidates make up to K - 1 pairs of one prompt. Curry-DPO trains on them from easy (wide gap) to hard; the column
`gap` is the key that the transform `curriculum` sorts by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import best_of, expand, scores_of, with_candidates, with_columns


@dataclass(frozen=True)
class Options:
    """Which scores decide."""

    score: str = "score"
    """Column with a number per candidate, higher is better; `score` stands for the data's own ratings."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Up to K - 1 pairs per example, `ID-0` with the widest gap; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        best = best_of(scores)
        lower = [place for place in range(len(scores)) if scores[place] < scores[best]]
        pairs = [
            with_columns(
                with_candidates(example, (best, place), name=f"{example.id}-{number}"), gap=scores[best] - scores[place]
            )
            for number, place in enumerate(sorted(lower, key=lambda k: scores[k]))
        ]
        return pairs or "all scores equal"

    return expand(examples, rule)


TRANSFORM = Transform(
    name="pairs_best_vs_each",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    makes_columns=("gap",),
    sets_order=lambda options: True,
    paper=Paper(
        "Pattnaik et al.",
        2024,
        arxiv="2403.07230",
        title="Curry-DPO: Enhancing Alignment using Curriculum Learning & Ranked Preferences",
    ),
    open_question="Layout of the pairs and the key of the curriculum follow the abstract; the code was not seen.",
)
