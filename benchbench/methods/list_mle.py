"""ListMLE on log-ratios: the likelihood of the order by reward, one of the losses that LiPO compares.

Liu et al. 2024, arXiv:2402.01878, eq. 7. With s = beta * summed log-ratio to the reference,
the candidates in the order of their rewards, the best first,

    loss = sum_k log( sum_{i >= k} e^{s_i} ) - s_k

It is DPO under the Plackett-Luce model (`plackett_luce`) with LiPO's beta, and DPO itself for two candidates. Equal
rewards are taken in the order given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.lists import plackett_luce_nll, several
from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of ListMLE."""

    beta: float = 0.05
    """Reward per nat of summed log-ratio, > 0; 0.05 is the paper's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] negative log-likelihood of the order by reward.

    Raises:
        ValueError: K is 1; there is nothing to order.
    """
    return plackett_luce_nll(several(reward(scores, hyper)), scores.reward)


METHOD = Method(
    name="list_mle",
    paper=Paper(
        "Liu et al.",
        2024,
        arxiv="2402.01878",
        title="LiPO: Listwise Preference Optimization through Learning-to-Rank",
        equation="7",
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
    equation="s = beta rho, best first;  loss = sum_k log( sum_{i >= k} e^{s_i} ) - s_k",
)
