"""The best candidate against the one closest to mean minus two standard deviations of the prompt's scores.

With many samples the very lowest score is often a broken text; a response some way below the mean teaches more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import best_of, expand, scores_of, with_candidates
from benchbench.data.picking import deviation_anchor


@dataclass(frozen=True)
class Options:
    """Where the rejected candidate lies."""

    score: str = "score"
    """Column with a number per candidate, higher is better; `score` stands for the data's own ratings."""
    deviations: float = -2.0
    """The rejected score lies closest to mean + deviations x standard deviation of the prompt's scores."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """One pair per example; of equally close candidates the first; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        best = best_of(scores)
        lower = [place for place, score in enumerate(scores) if score < scores[best]]
        if not lower:
            return "all scores equal"
        anchor = deviation_anchor(scores, options.deviations)
        return [with_candidates(example, (best, min(lower, key=lambda k: abs(scores[k] - anchor))))]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="pairs_sweet_spot",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    sets_order=lambda options: True,
    paper=Paper(
        "Xiao et al.",
        2025,
        arxiv="2502.16825",
        title="Finding the Sweet Spot: Preference Data Construction for Scaling Preference Optimization",
    ),
    open_question="Whether the standard deviation divides by n or n - 1 was not verified; here by n.",
)
