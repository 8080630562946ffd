"""Each candidate's quantile among the candidates of its prompt: the share of them whose score is not higher.

Where the candidates are samples of the reference policy this estimates the quantile reward that QRPO regresses on. Make
it before pairs are taken out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, scores_of, with_columns


@dataclass(frozen=True)
class Options:
    """Which scores rank the candidates."""

    score: str = "score"
    """Column with a number per candidate, higher is better; `score` stands for the data's own ratings."""


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every example with `quantile` [K] in (0, 1], the best at 1; the seed is not read."""

    def rule(example: Example) -> Sequence[Example] | str:
        scores = scores_of(example, options.score)
        if scores is None:
            return "score missing"
        shares = (sum(other <= mine for other in scores) / len(scores) for mine in scores)
        return [with_columns(example, quantile=tuple(shares))]

    return expand(examples, rule)


TRANSFORM = Transform(
    name="quantiles",
    options=Options,
    apply=apply,
    reads=lambda options: (Column(options.score, per="candidate", missing="keep"),),
    makes_columns=("quantile",),
    paper=Paper(
        "Matrenok et al.",
        2025,
        arxiv="2507.08068",
        title="Quantile Reward Policy Optimization: Alignment with Pointwise Regression and Exact Partition Functions",
        note="Its definition.",
    ),
    open_question="The released code may estimate the quantile from other samples than the candidates themselves.",
)
