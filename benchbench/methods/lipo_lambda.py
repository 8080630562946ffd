"""LiPO-lambda: DPO on every pair of a list, weighted by what exchanging the two would do to its DCG.

Liu et al. 2024, arXiv:2402.01878, eq. 8. With s = beta * summed log-ratio to the reference, psi the rewards and rank_i
the rank of candidate i by s, from 1,

    w_ij = |2^psi_i - 2^psi_j| * |1 / log(1 + rank_i) - 1 / log(1 + rank_j)|
    loss = sum over pairs with psi_i > psi_j of w_ij log(1 + e^{-(s_i - s_j)})

The weights follow the current scores and have no gradient. The paper's psi is a candidate's mean probability to win
against the others of its list, in [0, 1]; rewards of another scale weigh exponentially. Equal rewards make no pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.lists import lambda_rank, several
from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of LiPO-lambda."""

    beta: float = 0.05
    """Reward per nat of summed log-ratio, > 0; 0.05 is the paper's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] weighted logistic losses of all pairs of a list.

    Raises:
        ValueError: K is 1; there is nothing to rank.
    """
    score = several(reward(scores, hyper))
    return lambda_rank(score, scores.reward, ranked=score)


METHOD = Method(
    name="lipo_lambda",
    paper=Paper(
        "Liu et al.",
        2024,
        arxiv="2402.01878",
        title="LiPO: Listwise Preference Optimization through Learning-to-Rank",
        equation="8",
        note="Compared with the equation of the third version; no public code.",
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
        "s = beta rho;  w_ij = |2^psi_i - 2^psi_j| |1/log(1+rank_i) - 1/log(1+rank_j)|\n"
        "loss = sum_{psi_i > psi_j} w_ij log(1 + e^{-(s_i - s_j)}),  ranks by s"
    ),
)
