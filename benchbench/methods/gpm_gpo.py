"""GPO: regression of each candidate's log-ratio to its mean score under a general preference model.

Zhang et al. 2024, arXiv:2410.02197, eq. 5.2 and 5.3. With rho the summed log-ratio to the reference and s_i the mean of
a preference model's scores s(i > j) of candidate i over the others, a column of the data,

    loss = mean_i (rho_i - s_i / beta)^2

The scores need not come from one number per response, so cycles are allowed. As in the paper's practice the logarithm
of the partition function is taken as 0, and the reference is the policy of the round before. The mean over K counts the
candidate itself as 0; the release doubles the scores, T_ij = t_ij - t_ji. The column has whatever the data have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of GPO."""

    beta: float = 1e-3
    """Reward per nat of summed log-ratio, > 0; 1e-3 in the released scripts, so targets are hundreds of nats."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] squared errors in nats, averaged over the candidates of a list."""
    ratio = log_ratio(scores)
    return (ratio - scores.column("preference_score").to(ratio) / hyper.beta).square().mean(dim=-1)


METHOD = Method(
    name="gpm_gpo",
    paper=Paper(
        "Zhang et al.",
        2024,
        arxiv="2410.02197",
        title="Beyond Bradley-Terry Models: A General Preference Model for Language Model Alignment",
        equation="5.3",
        note="Compared with the third version's equations; the authors' release has scripts and score tables, no loss.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("preference_score", per="candidate"),),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="Every candidate has a target, beyond which a larger likelihood costs again.",
    family=Family.POINTWISE,
    equation="loss = mean_i (rho_i - s_i / beta)^2,  s_i = mean_j s(i > j)",
    collisions=(
        "Generalized Preference Optimization (arXiv:2402.05749) is called GPO too.",
        "Group Preference Optimization is called GPO too.",
    ),
)
