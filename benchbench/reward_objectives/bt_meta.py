"""MetaRM: the gradient of Bradley-Terry where one step of ascent on the differences among a policy's draws ends.

Dou et al. 2024, arXiv:2405.00438, and before it Wang et al. 2024, arXiv:2401.06080 (Secrets of RLHF II): a reward model
loses hold of responses that its policy comes to draw, and nobody labels these. Each step first moves the weights up

    J = 2 / k^2 sum_{i<j} s(|r(x, s_i) - r(x, s_j)|)

of k draws of the present policy to each prompt of a meta set, to w + eta grad J, where the gradient of the
Bradley-Terry loss of the labelled pairs is taken, and w is updated with that gradient. Equal rewards have no slope in
J. eta = 0 is `bradley_terry`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Paper
from benchbench.core.ranges import require
from benchbench.core.reward_objective import Climb, RewardObjective, RewardScores
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the step that goes ahead."""

    eta: float = 1e-5
    """Rate of the ascent, >= 0, in the loss's own units, whatever the learning rate is; 1e-5 is ours."""

    def __post_init__(self) -> None:
        require(math.isfinite(self.eta) and self.eta >= 0, "eta", "a finite number >= 0", self.eta)


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the difference of the rewards of a labelled pair."""
    chosen, rejected = pair(scores.reward)
    return -F.logsigmoid(chosen - rejected)


def difference(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] 2 / k^2 times the sum of sigmoids of the k (k - 1) / 2 distances among the rewards of k draws."""
    reward = scores.reward
    count = reward.shape[-1]
    distances = (reward.unsqueeze(-1) - reward.unsqueeze(-2)).abs()  # [B, k, k]
    return distances.sigmoid().triu(diagonal=1).sum(dim=(-2, -1)) * (2 / count**2)


OBJECTIVE = RewardObjective(
    name="bt_meta",
    paper=Paper(
        "Dou et al.",
        2024,
        arxiv="2405.00438",
        title="MetaRM: Shifted Distributions Alignment via Meta-Learning",
        note="First order, as the authors say of their code (OpenLMLab/MOSS-RLHF, issue 42).",
    ),
    hyper=Hyper,
    loss=loss,
    ascent=Climb(difference, rate=lambda hyper: hyper.eta),
    family="pairwise",
    equation=(
        "L = -log s(r_w - r_l), its gradient taken at w' = w + eta grad J(w)\n"
        "J = 2/k^2 sum_{i<j} s(|r(s_i) - r(s_j)|) of k draws s to each prompt\n"
        "w moves with the gradient at w'"
    ),
    open_question="The formulas are known from summaries of the paper, which disagree on the factor of J (2/k^2 here); "
    "eta, k, the rows of a step and whether training starts anew were not read.",
)
