"""Multi-label regression: one output per attribute, and the reward is their weighted sum.

Wang et al. 2023, arXiv:2311.09528 (HelpSteer): ratings of several attributes of one response, each regressed by the
mean squared error. A rating that is missing costs nothing, and the mean is over those that are there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.ranges import require
from benchbench.core.reward_objective import HeadSpec, Network, RewardObjective, RewardScores

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the attributes."""

    columns: tuple[str, ...] = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
    """Columns with the rating of each response, one per attribute."""
    weights: tuple[float, ...] = ()
    """Weight of each attribute in the reward; none weighs all alike, by one over their number."""

    def __post_init__(self) -> None:
        distinct = len(set(self.columns)) == len(self.columns) > 0
        require(distinct, "columns", "distinct names, one or more", list(self.columns))
        fits = not self.weights or len(self.weights) == len(self.columns)
        require(fits, "weights", f"{len(self.columns)} numbers, one per column", list(self.weights))
        require(all(map(math.isfinite, self.weights)), "weights", "finite numbers", list(self.weights))


def head(hyper: Hyper) -> HeadSpec:
    """One output per attribute."""
    return HeadSpec(Network(len(hyper.columns)))


def columns(hyper: Hyper) -> tuple[Column, ...]:
    """The columns of the ratings."""
    return tuple(Column(name, per="candidate", missing="keep") for name in hyper.columns)


def score(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K] weighted sum of the attributes."""
    weights = hyper.weights or (1 / len(hyper.columns),) * len(hyper.columns)
    return (scores.outputs * scores.outputs.new_tensor(weights)).sum(dim=-1)


def takes_order(hyper: Hyper) -> bool:
    """No: the ratings say what is better."""
    return False


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] squared error over the ratings that are there, of all candidates and attributes."""
    outputs = scores.outputs
    errors, present = [], []
    for place, name in enumerate(hyper.columns):
        rating = scores.column(name).to(outputs.dtype)  # [B, K]
        there = ~rating.isnan()
        errors.append((outputs[..., place] - rating.where(there, 0.0)).square().where(there, 0.0).sum(dim=-1))
        present.append(there.sum(dim=-1))
    counts = sum(present).clamp(min=1)  # pyright: ignore[reportAttributeAccessIssue]
    return sum(errors) / counts  # pyright: ignore[reportReturnType]


OBJECTIVE = RewardObjective(
    name="multi_label",
    paper=Paper(
        "Wang et al.",
        2023,
        arxiv="2311.09528",
        title="HelpSteer: Multi-attribute Helpfulness Dataset for SteerLM",
        note="Mean squared error by definition; the weights of the reward are the recipe's.",
    ),
    hyper=Hyper,
    loss=loss,
    score=score,
    head=head,
    columns=columns,
    takes_order=takes_order,
    candidates=Candidates.ANY,
    is_shift_free=False,
    family="pointwise",
    equation="L = mean_{k,a} (o_ka - rating_ka)^2;  r_k = sum_a w_a o_ka",
)
