"""Squared error of each candidate's score to its reward, one of the losses that LiPO compares.

Liu et al. 2024, arXiv:2402.01878, eq. 9. With s = beta * summed log-ratio to the reference,
psi the rewards,

    loss = sum_i (s_i - psi_i)^2

Each candidate has a target of its own, so a list of one is a list too; a constant added to all rewards matters. The
paper's psi is a candidate's mean probability to win against the others of its list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the pointwise squared error."""

    beta: float = 0.05
    """Reward per nat of summed log-ratio, > 0; 0.05 is the paper's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] squared distances of the scores from the rewards, over the candidates of a list."""
    score = reward(scores, hyper)
    return (score - scores.reward.to(score)).square().sum(dim=-1)


METHOD = Method(
    name="point_mse",
    paper=Paper(
        "Liu et al.",
        2024,
        arxiv="2402.01878",
        title="LiPO: Listwise Preference Optimization through Learning-to-Rank",
        equation="9",
        note="Compared with the equation of the third version; no public code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.REWARD}),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="Every candidate has a target, beyond which a larger likelihood costs again.",
    family=Family.POINTWISE,
    equation="s = beta rho;  loss = sum_i (s_i - psi_i)^2",
)
