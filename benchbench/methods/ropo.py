"""ROPO: DPO's loss mixed with a bounded one that pairs of wrong labels cannot dominate.

The baseline of Furuta et al. 2024, arXiv:2409.06691, after ROPO of Liang et al. 2024, arXiv:2404.04102, on summed
log-probabilities. The weights are from memory. ROPO's own work also filters samples in rounds; that loop is left aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of ROPO."""

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
    """[B] gamma * DPO + alpha * sigmoid of the negative reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    margin = chosen - rejected
    return -hyper.gamma * F.logsigmoid(margin) + hyper.alpha * F.sigmoid(-margin)


METHOD = Method(
    name="ropo",
    paper=Paper(
        "Furuta et al.",
        2024,
        arxiv="2409.06691",
        title="Geometric-Averaged Preference Optimization for Soft Preference Labels",
        note="A baseline there; ROPO itself is Liang et al. 2024, arXiv:2404.04102, not read.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "L = -gamma log sigmoid(beta h) + alpha sigmoid(-beta h)\nh = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed"
    ),
    collisions=("Robust DPO, arXiv:2403.00409, is the method rdpo_robust.",),
    open_question=(
        "The weights (alpha 2, gamma 0.1) are from memory; a trainer that cites ROPO's eq. 9 ties both to one alpha: "
        "4 alpha / (1 + alpha)^2 of DPO's term, and alpha times that of the bounded one."
    ),
)
