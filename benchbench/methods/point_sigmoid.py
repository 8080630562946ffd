"""Binary cross-entropy of each candidate to its probability to win, one of the losses that LiPO compares.

Liu et al. 2024, arXiv:2402.01878, eq. 10. With s = beta * summed log-ratio to the reference,
psi the candidate's mean probability to win against the others of its list, a column of the data,

    loss = -sum_i [ psi_i log sigmoid(s_i) + (1 - psi_i) log sigmoid(-s_i) ]

Each candidate has a target of its own, so a list of one is a list too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the pointwise cross-entropy."""

    beta: float = 0.05
    """Reward per nat of summed log-ratio, > 0; 0.05 is the paper's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] binary cross-entropies, over the candidates of a list."""
    score = reward(scores, hyper)
    psi = scores.column("win_rate").to(score)
    return -(psi * F.logsigmoid(score) + (1 - psi) * F.logsigmoid(-score)).sum(dim=-1)


METHOD = Method(
    name="point_sigmoid",
    paper=Paper(
        "Liu et al.",
        2024,
        arxiv="2402.01878",
        title="LiPO: Listwise Preference Optimization through Learning-to-Rank",
        equation="10",
        note="Compared with the equation of the third version; no public code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("win_rate", low=0.0, high=1.0, per="candidate"),),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="Every candidate has a target, beyond which a larger likelihood costs again.",
    family=Family.POINTWISE,
    equation="s = beta rho\nloss = -sum_i [ psi_i log sigmoid(s_i) + (1 - psi_i) log sigmoid(-s_i) ]",
)
