"""GROPO: ROPO with soft labels, by geometric averaging of the two likelihoods.

Furuta et al. 2024, arXiv:2409.06691. The margin h of `ropo` becomes (2p - 1) h, as in `gdpo`, on summed
log-probabilities; obtained by that substitution, with ROPO's weights from memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of GROPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    alpha: float = 2.0
    """Weight of the bounded, noise-tolerant term, >= 0; 2 is the value remembered of the GDPO paper, not verified."""
    gamma: float = 0.1
    """Weight of DPO's term, >= 0; 0.1 is the value remembered of the GDPO paper, not verified."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "alpha", "gamma")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] ROPO's loss of (2p - 1) times the reward margin; at p = 1 ROPO."""
    chosen, rejected = pair(reward(scores, hyper))
    margin = (2 * scores.column("p_chosen").to(chosen) - 1) * (chosen - rejected)
    return -hyper.gamma * F.logsigmoid(margin) + hyper.alpha * F.sigmoid(-margin)


METHOD = Method(
    name="gropo",
    paper=Paper(
        "Furuta et al.",
        2024,
        arxiv="2409.06691",
        title="Geometric-Averaged Preference Optimization for Soft Preference Labels",
        note="No public code; values checked against an independent calculation only.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("p_chosen", low=0.0, high=1.0),),
    monotone_in_chosen=False,
    monotone_reason="Where p_chosen is below one half the second candidate is the preferred one.",
    family=Family.PAIRWISE,
    equation=(
        "L = -gamma log sigmoid(beta (2p - 1) h) + alpha sigmoid(-beta (2p - 1) h)\n"
        "h = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed; p = column p_chosen"
    ),
    differs={
        "an unnamed trainer that cites ROPO's eq. 9": (
            "weights 4 alpha / (1 + alpha)^2 of DPO's term, and alpha times that of the bounded one"
        )
    },
    open_question=(
        "ROPO's form and weights are from memory, and (2p - 1) enters by substitution; the printed "
        "equation was not read."
    ),
)
