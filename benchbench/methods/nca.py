"""NCA: each of K candidates against noise, with the weight that its reward has in the list.

Chen et al. 2024, arXiv:2402.05369. With rho the summed log-ratio to the reference and r the rewards,

    loss = -sum_i [ softmax(r / alpha)_i log sigmoid(beta rho_i) + (1 / K) log sigmoid(-beta rho_i) ]

Checked against thu-ml/Noise-Contrastive-Alignment at 3669906, reward_trainer.py, loss_type NCA, for K = 4; alpha is the
code's `temperature_alpha`, which is one over the paper's, as the code says. For two candidates and alpha near 0 it is
the pairwise form, TRL's nca_pair. Unlike InfoNCA it says how large the likelihood of the best should be, not only how
large beside the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.lists import several
from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of NCA."""

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
    """[B] binary cross-entropies of the candidates against noise, weighted by the rewards.

    Raises:
        ValueError: K is 1; a reward has no weight beside itself.
    """
    rewards = several(reward(scores, hyper))
    weight = (scores.reward.to(rewards) / hyper.alpha).softmax(dim=-1)
    return -(weight * F.logsigmoid(rewards)).sum(dim=-1) - F.logsigmoid(-rewards).mean(dim=-1)


METHOD = Method(
    name="nca",
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
    equation=(
        "w = softmax(r / alpha)\nloss = -sum_i [ w_i log sigmoid(beta rho_i) + (1 / K) log sigmoid(-beta rho_i) ]"
    ),
    differs={
        "thu-ml/Noise-Contrastive-Alignment 3669906": "K = 4; adds 0.01 to the first candidate's reward, so that it "
        "wins ties",
        "TRL nca_pair": "pairs alone, all weight on the chosen response",
    },
    collisions=("Neighbourhood component analysis, a metric-learning loss, has the same name.",),
)
