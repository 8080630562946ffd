"""Softmax over a list (ListNet): cross-entropy from the rewards' distribution, one of the losses that LiPO compares.

Liu et al. 2024, arXiv:2402.01878, on eq. 11. With s = beta * summed log-ratio to the reference, psi the rewards,

    loss = -sum softmax(psi) log softmax(s)

It is InfoNCA (`info_nca`) at alpha = 1. The paper's psi is a candidate's mean probability to win, in [0, 1], and its
weights are psi_i / sum psi: it takes no softmax of them, which rewards of any sign need.
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
    """Hyper-parameters of the softmax loss."""

    beta: float = 0.05
    """Reward per nat of summed log-ratio, > 0; 0.05 is the paper's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] cross-entropy from the distribution of the rewards to that of the policy.

    Raises:
        ValueError: K is 1; there is nothing to choose between.
    """
    log_q = several(reward(scores, hyper)).log_softmax(dim=-1)
    return -(scores.reward.to(log_q).softmax(dim=-1) * log_q).sum(dim=-1)


METHOD = Method(
    name="softmax_list",
    paper=Paper(
        "Liu et al.",
        2024,
        arxiv="2402.01878",
        title="LiPO: Listwise Preference Optimization through Learning-to-Rank",
        note="ListNet's form; compared with the equation of the third version, which differs. No public code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.REWARD}),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="The rewards say which candidate is the better one, and the first need not be.",
    family=Family.LISTWISE,
    equation="s = beta rho;  loss = -sum_i softmax(psi)_i log softmax(s)_i",
    differs={
        "the paper, eq. 11": "weights psi_i / sum psi of mean probabilities to win, no softmax of them; rewards of any "
        "sign allow no such shares",
    },
)
