"""Features: a logistic model of named features of each response, in place of a language model's state.

Go et al. 2023, arXiv:2310.13011 (compositional preference models): features that another model has rated are columns
of the data, and a logistic regression on their differences learns the weights. Texts do not go through the backbone at
all. The features are taken as they are; bring them to one scale beforehand, since the optimizer's step is one for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Paper, Term
from benchbench.core.ranges import require, require_at_least_zero
from benchbench.core.reward_objective import FreeTensor, HeadSpec, RewardObjective, RewardScores
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the logistic model."""

    columns: tuple[str, ...] = ("gold",)
    """Columns with a number for each response; `gold`, which only the toy world has, is ours."""
    ridge: float = 0.0
    """Weight of half the squared norm of the weights, >= 0; scikit-learn's C is 1 / (n ridge) for n pairs."""

    def __post_init__(self) -> None:
        distinct = len(set(self.columns)) == len(self.columns) > 0
        require(distinct, "columns", "distinct names, one or more", list(self.columns))
        require_at_least_zero(self, "ridge")


def head(hyper: Hyper) -> HeadSpec:
    """A weight per feature, starting at 0."""
    return HeadSpec(response=None, tables={"weights": FreeTensor((len(hyper.columns),))}, trains_backbone=False)


def scored_columns(hyper: Hyper) -> tuple[Column, ...]:
    """The columns of the features."""
    return tuple(Column(name, per="candidate") for name in hyper.columns)


def score(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K] weighted sum of the features."""
    weights = scores.table("weights")
    return sum(weights[i] * scores.column(name).to(weights.dtype) for i, name in enumerate(hyper.columns))  # pyright: ignore[reportReturnType]


def loss(scores: RewardScores, hyper: Hyper) -> Mapping[str, Term]:
    """One term [B], or two: -log sigmoid of the difference of the rewards, and the ridge."""
    chosen, rejected = pair(score(scores, hyper))
    terms = {"logistic": Term(-F.logsigmoid(chosen - rejected))}
    if hyper.ridge:
        norm = scores.table("weights").square().sum()
        terms["ridge"] = Term((hyper.ridge / 2 * norm).expand(len(chosen)))
    return terms


OBJECTIVE = RewardObjective(
    name="features",
    paper=Paper(
        "Go et al.",
        2023,
        arxiv="2310.13011",
        title="Compositional preference models for aligning LMs",
        note="The logistic model; how a language model rates the features is up to the data.",
    ),
    hyper=Hyper,
    loss=loss,
    score=score,
    head=head,
    scored_columns=scored_columns,
    family="pairwise",
    equation="L = -log s(w . (f(y_w) - f(y_l))) + ridge/2 |w|^2",
)
