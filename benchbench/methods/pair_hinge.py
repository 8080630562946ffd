"""Hinge over all pairs of a list, one of the losses that LiPO compares.

Liu et al. 2024, arXiv:2402.01878, eq. 6. With s = beta * summed log-ratio to the reference,
psi the rewards,

    loss = sum over pairs with psi_i > psi_j of max(0, 1 - (s_i - s_j))

For two candidates it is the hinge of RSO (arXiv:2309.06657), TRL's loss_type hinge. Equal rewards make no pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.lists import differences, several
from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the pairwise hinge."""

    beta: float = 0.05
    """Reward per nat of summed log-ratio, > 0; 0.05 is the paper's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] hinges of all pairs of a list.

    Raises:
        ValueError: K is 1; there is no pair.
    """
    score = several(reward(scores, hyper))
    better = differences(scores.reward) > 0
    return (better * F.relu(1 - differences(score))).sum(dim=(-2, -1))


METHOD = Method(
    name="pair_hinge",
    paper=Paper(
        "Liu et al.",
        2024,
        arxiv="2402.01878",
        title="LiPO: Listwise Preference Optimization through Learning-to-Rank",
        equation="6",
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
    equation="s = beta rho;  loss = sum_{psi_i > psi_j} max(0, 1 - (s_i - s_j))",
    differs={"TRL hinge": "the same for pairs"},
)
