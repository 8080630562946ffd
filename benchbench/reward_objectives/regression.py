"""Regression: the reward is the rating of each response, by the mean squared error.

The pointwise reward model of rated data, as in Wang et al. 2023, arXiv:2311.09528 (HelpSteer's SteerLM reward models),
which regress several attributes; one rating is the case here, `multi_label` has several. Rewards are on the scale of
the ratings, so they are not free up to a number and are not centred.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.ranges import require, require_above_zero
from benchbench.core.reward_objective import RewardObjective, RewardScores

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of regression."""

    column: str = "score"
    """Column with the rating of each response."""
    scale: float = 1.0
    """Reward that one unit of rating is worth, > 0."""
    shift: float = 0.0
    """Rating at which the reward is 0."""

    def __post_init__(self) -> None:
        require_above_zero(self, "scale")
        require(math.isfinite(self.shift), "shift", "a finite number", self.shift)


def columns(hyper: Hyper) -> tuple[Column, ...]:
    """The column of the ratings."""
    return (Column(hyper.column, per="candidate"),)


def takes_order(hyper: Hyper) -> bool:
    """No: the ratings say what is better."""
    return False


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] squared error of the rewards, averaged over the candidates."""
    rating = scores.column(hyper.column).to(scores.reward.dtype)
    return (scores.reward - hyper.scale * (rating - hyper.shift)).square().mean(dim=-1)


OBJECTIVE = RewardObjective(
    name="regression",
    paper=Paper(
        "Wang et al.",
        2023,
        arxiv="2311.09528",
        title="HelpSteer: Multi-attribute Helpfulness Dataset for SteerLM",
        note="One rating; mean squared error by definition, not checked against code.",
    ),
    hyper=Hyper,
    loss=loss,
    columns=columns,
    takes_order=takes_order,
    candidates=Candidates.ANY,
    is_shift_free=False,
    family="pointwise",
    equation="L = mean_k (r_k - scale (rating_k - shift))^2",
)
