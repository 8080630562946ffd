"""RankDPO for text: DPO on every pair of a list, weighted by gains of the rewards and discounts of the ranks.

Karthik et al. 2024, arXiv:2410.18013, for images of a diffusion model; here the score of a response is its summed
log-ratio to the reference, rho. With psi the rewards,

    w_ij = |G_i - G_j| * |1 / D_i - 1 / D_j|,  G = 2^psi - 1,  D = log(1 + rank)
    loss = sum over pairs with psi_i > psi_j of -w_ij log sigmoid(beta (rho_i - rho_j))

A twin, never a reproduction. Ranks are by the rewards, as in the paper's algorithm 2 (second version); a figure of it
speaks of the current model's ranks instead, with which, variant `ranked_by_policy`, the loss is LiPO-lambda. Equal
rewards make no pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core.lists import lambda_rank, several
from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_one_of
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the text twin of RankDPO."""

    beta: float = 0.05
    """Reward per nat of summed log-ratio, > 0; 0.05 is LiPO-lambda's, the paper's is for images."""
    rank_by: Literal["rewards", "policy"] = "rewards"
    """Ranks by the `rewards`, as in the paper's algorithm 2, or by the scores of the `policy`, as in LiPO-lambda."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_one_of(self, "rank_by", "rewards", "policy")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] weighted logistic losses of all pairs of a list; the weights have no gradient.

    Raises:
        ValueError: K is 1; there is nothing to rank.
    """
    score = several(reward(scores, hyper))
    return lambda_rank(score, scores.reward, ranked=score if hyper.rank_by == "policy" else scores.reward)


METHOD = Method(
    name="rankdpo_twin",
    paper=Paper(
        "Karthik et al.",
        2024,
        arxiv="2410.18013",
        title="Scalable Ranked Preference Optimization for Text-to-Image Generation",
        equation="7",
        note="Compared with equations 6 and 7 and algorithm 2 of the second version; no public code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.REWARD}),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="The rewards say which candidate is the better one, and the first need not be.",
    variants={"default": {}, "ranked_by_policy": {"rank_by": "policy"}},
    family=Family.LISTWISE,
    equation=(
        "w_ij = |G_i - G_j| |1/D_i - 1/D_j|,  G = 2^psi - 1,  D = log(1 + rank by psi)\n"
        "loss = -sum_{psi_i > psi_j} w_ij log sigmoid(beta (rho_i - rho_j))"
    ),
    twin_of="Published for images: K images per prompt, scored by the denoising errors of a diffusion model.",
)
