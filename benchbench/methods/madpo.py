"""MADPO: DPO with a weight per pair, larger where a reward model finds the pair hard and smaller where it is easy.

Rho 2025, arXiv:2510.05342; code sirano1004/Margin-Apative-Direct-Preference-Optimization, utils/loss_functions.py. With
d the reward model's margin of the labelled order, c falls from about c_max at small |d| through 1 at |d| = tau to
c_min, and the weight is sigmoid(c d) / sigmoid(d), or 1 where d <= -tau. The weight carries no gradient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_within
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of MADPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    c_max: float = 2.0
    """Bound of the factor c for pairs of small margin, >= 1: 1 is DPO; 2 is the authors' code's."""
    c_min: float = 0.5
    """Bound of the factor c for pairs of large margin, in [0, 1); 0.5 is the authors' code's."""
    steepness: float = 1.0
    """How fast c falls, per unit of reward margin, > 0; lambda in the paper, 1 in the authors' code."""
    tau: float = 2.0
    """Reward margin at which a pair has weight 1, >= 0; 2 is the authors' code's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "c_max", "[1, inf)")
        require_within(self, "c_min", "[0, 1)")
        require_above_zero(self, "steepness")
        require_at_least_zero(self, "tau")


def weight(margin: Tensor, hyper: Hyper) -> Tensor:
    """[B] weight of each pair, from the reward model's margin of the labelled order, [B]."""
    if hyper.c_max == 1:
        return margin.new_ones(margin.shape)  # c is 1 everywhere
    shift = math.log((hyper.c_max - 1) / (1 - hyper.c_min))  # so that c is 1 at tau
    c = hyper.c_min + (hyper.c_max - hyper.c_min) * F.sigmoid(-hyper.steepness * (margin.abs() - hyper.tau) - shift)
    ratio = (F.logsigmoid(c * margin) - F.logsigmoid(margin)).exp()
    return ratio.where(margin > -hyper.tau, margin.new_ones(margin.shape))


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] weight * -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    preferred, other = pair(scores.reward.to(chosen))
    return -weight(preferred - other, hyper) * F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="madpo",
    paper=Paper(
        "Rho",
        2025,
        arxiv="2510.05342",
        title="Margin Adaptive DPO: Leveraging Reward Model for Granular Control in Preference Optimization",
        note="Checked against the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.REWARD}),
    family=Family.PAIRWISE,
    equation=(
        "L = -w log sigmoid(beta h), w = sigmoid(c d) / sigmoid(d) if d > -tau, else 1\n"
        "c = c_min + (c_max - c_min) / (1 + e), d = reward_w - reward_l\n"
        "e = (c_max - 1) / (1 - c_min) exp(steepness (|d| - tau))\n"
        "h = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed"
    ),
    differs={"sirano1004/Margin-Apative-Direct-Preference-Optimization": "the same"},
)
