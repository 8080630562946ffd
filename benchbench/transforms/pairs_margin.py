"""The pair of candidates of every prompt with the smallest (or largest) margin of a model, to be labelled.

Which pair of a prompt is worth an annotator's answer: the one whose implicit rewards lie closest together. The margin
is a column (for instance the implicit reward of the policy); the label is another one, the annotator's score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_candidates
from benchbench.data.picking import margin_pair


@dataclass(frozen=True)
class Options:
    """What decides which pair is taken, and what decides which of the two is chosen."""

    margin: str = "implicit_reward"
    """Column with a number per candidate; a pair's margin is the absolute difference of its two."""
    select: Literal["small", "large"] = "small"
    """The pair with the smallest or the largest margin."""
    score: str = "score"
    """Column with a number per candidate that labels the pair, higher is better; `score` stands for the ratings."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """One pair per example; of equal margins the first in order of places; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        margins, scores = scores_of(example, options.margin), scores_of(example, options.score)
        if margins is None or scores is None:
            return "margin or score missing"
        if len(scores) < 2:
            return "fewer than two candidates"
        a, b = margin_pair(combinations(range(len(scores)), 2), margins.__getitem__, options.select)
        if scores[a] == scores[b]:
            return "pair labelled as a tie"
        return [with_candidates(example, (a, b) if scores[a] > scores[b] else (b, a))]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="pairs_margin",
    options=Options,
    apply=apply,
    reads=lambda options: (
        Column(options.margin, per="candidate", missing="keep"),
        Column(options.score, per="candidate", missing="keep"),
    ),
    sets_order=lambda options: True,
    paper=Paper(
        "Yang et al.",
        2024,
        arxiv="2406.17312",
        title=(
            "Not All Preference Pairs Are Created Equal: A Recipe for Annotation-Efficient Iterative Preference "
            "Learning"
        ),
    ),
)
