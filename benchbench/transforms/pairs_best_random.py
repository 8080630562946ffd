"""The best candidate of every prompt against a random one of those below it.

The max-random rule of online iterative preference training: the rejected response is not the easiest to tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import best_of, draws_of, expand, scores_of, with_candidates


@dataclass(frozen=True)
class Options:
    """Which scores decide."""

    score: str = "score"
    """Column with a number per candidate, higher is better; `score` stands for the data's own ratings."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """One pair per example; the rejected candidate is drawn uniformly from those with a lower score than the best."""

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        best = best_of(scores)
        lower = [place for place, score in enumerate(scores) if score < scores[best]]
        if not lower:
            return "all scores equal"
        drawn = int(draws_of(seed, "pairs_best_random", example).integers(len(lower)))
        return [with_candidates(example, (best, lower[drawn]))]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="pairs_best_random",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    sets_order=lambda options: True,
    random=True,
    paper=Paper("Dong et al.", 2024, arxiv="2405.07863", title="RLHF Workflow: From Reward Modeling to Online RLHF"),
)
