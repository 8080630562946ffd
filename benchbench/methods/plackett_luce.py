"""Plackett-Luce: DPO over a list of K candidates, the likelihood of their order by reward.

Rafailov et al. 2023, arXiv:2305.18290, appendix A.3. With s = beta * summed log-ratio to the reference and the
candidates in the order of their rewards, the best first,

    loss = sum_k log( sum_{i >= k} e^{s_i} ) - s_k

The first candidate is chosen among all, the second among the rest, and so on. For two candidates it is DPO. A constant
added to all scores changes nothing. Equal rewards are taken in the order given.
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
    """Hyper-parameters of DPO under the Plackett-Luce model."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""

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
    name="plackett_luce",
    paper=Paper(
        "Rafailov et al.",
        2023,
        arxiv="2305.18290",
        title="Direct Preference Optimization: Your Language Model is Secretly a Reward Model",
        note="Derived from the Plackett-Luce model; the appendix was not read again.",
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
    collisions=("RankList (arXiv:2508.09826) is another loss over lists, whose formula is not known to us.",),
)
