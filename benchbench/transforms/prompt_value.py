"""The value of a prompt: the mean score of its candidates, which `dro_pointwise` subtracts from each reward.

The paper learns the value with a network; the mean over the candidates at hand is an estimate of it, and ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_columns


@dataclass(frozen=True)
class Options:
    """Which scores are averaged."""

    score: str = "score"
    """Column with a number per candidate; `score` stands for the data's own ratings."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every example with `value`, in units of the score; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        return [with_columns(example, value=math.fsum(scores) / len(scores))]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="prompt_value",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    makes_columns=("value",),
    paper=Paper(
        "Richemond et al.",
        2024,
        arxiv="2405.19107",
        title="Offline Regularised Reinforcement Learning for Large Language Models Alignment",
        note="What the value stands for; its estimate by the candidates' mean is ours.",
    ),
)
