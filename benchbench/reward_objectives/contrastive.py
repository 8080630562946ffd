"""Contrastive: the first response is picked out of the K candidates of its prompt, by the softmax of the rewards.

The InfoNCE form, -log softmax(r / t) of the preferred response with the prompt's other responses as negatives; K = 2
at t = 1 is `bradley_terry`. Wang et al. 2024, arXiv:2401.06080, adds an in-batch contrastive loss (SimCSE, SwAV) on
hidden states, whose negatives are the other pairs of a batch: such a loss depends on the microbatch, so it is not
offered here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.reward_objective import RewardObjective, RewardScores

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the contrastive form."""

    temperature: float = 1.0
    """What rewards are divided by before the softmax, > 0; 1 is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "temperature")


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] negative log-probability of the first candidate under the softmax of the rewards."""
    reward = scores.reward
    if reward.shape[-1] < 2:
        raise ValueError(f"expected two candidates or more, got K = {reward.shape[-1]}")
    return -F.log_softmax(reward / hyper.temperature, dim=-1)[..., 0]


OBJECTIVE = RewardObjective(
    name="contrastive",
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2401.06080",
        title="Secrets of RLHF in Large Language Models Part II: Reward Modeling",
        note="Negatives within the example, not within the batch.",
    ),
    hyper=Hyper,
    loss=loss,
    candidates=Candidates.ANY,
    family="listwise",
    equation="L = -log softmax(r / t)[first]",
    open_question="The paper's contrastive term is on hidden states and in-batch, and is known from third parties "
    "only; this form takes the rewards of the prompt's own candidates.",
)
