"""InfoNCA: cross-entropy from the rewards' distribution over K candidates to the policy's.

Chen et al. 2024, arXiv:2402.05369. With rho the summed log-ratio to the reference and r the rewards,

    loss = -sum softmax(r / alpha) log softmax(beta rho)

Checked against thu-ml/Noise-Contrastive-Alignment at 3669906, reward_trainer.py, loss_type InfoNCA, for K = 4; alpha is
the code's `temperature_alpha`, which is one over the paper's, as the code says. Where one candidate has all the weight
of the target and K is 2, this is DPO.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.lists import several
from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of InfoNCA."""

    beta: float = 0.01
    """Reward per nat of summed log-ratio, > 0; 0.01 in the released run (yamls/reward_qlora.yaml)."""
    alpha: float = 1e-3
    """Temperature of the rewards, in their unit, > 0; 1e-3 is the released trainer's, its run for UltraFeedback's
    ratings of 1 to 10 has 1e-4. Both leave no weight but on the best."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "alpha")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] cross-entropy from the distribution of the rewards to that of the policy.

    Raises:
        ValueError: K is 1; there is nothing to choose between.
    """
    log_q = several(reward(scores, hyper)).log_softmax(dim=-1)
    target = (scores.reward.to(log_q) / hyper.alpha).softmax(dim=-1)
    return -(target * log_q).sum(dim=-1)


METHOD = Method(
    name="info_nca",
    paper=Paper(
        "Chen et al.",
        2024,
        arxiv="2402.05369",
        title="Noise Contrastive Alignment of Language Models with Explicit Rewards",
        note="Checked against thu-ml/Noise-Contrastive-Alignment at 3669906, reward_trainer.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.REWARD}),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="The rewards say which candidate is the better one, and the first need not be.",
    family=Family.LISTWISE,
    equation="loss = -sum_i softmax(r / alpha)_i log softmax(beta rho)_i",
    differs={
        "thu-ml/Noise-Contrastive-Alignment 3669906": "K = 4; adds 0.01 to the first candidate's reward, so that it "
        "wins ties",
    },
)
