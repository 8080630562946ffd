"""DPOP: DPO with a penalty inside the sigmoid where the chosen response falls below the reference.

Pal et al. 2024, arXiv:2402.13228 (Smaug), eq. 3, on summed log-probabilities. While the chosen response is at least as
likely as under the reference it is DPO. The equation is known to us from a restatement of it; no public code of the
authors was read.
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
    """Hyper-parameters of DPOP."""

    beta: float = 0.3
    """Reward per nat of summed log-ratio, > 0; 0.3 is the paper's."""
    penalty_weight: float = 50.0
    """Weight of the chosen log-ratio's fall below 0, >= 0, lambda in the paper; 0 is DPO. 50 is the paper's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "penalty_weight")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of beta times the log-ratio margin less the penalty."""
    chosen, rejected = pair(log_ratio(scores))
    fall = F.relu(-chosen)
    return -F.logsigmoid(hyper.beta * (chosen - rejected - hyper.penalty_weight * fall))


METHOD = Method(
    name="dpop",
    paper=Paper(
        "Pal et al.",
        2024,
        arxiv="2402.13228",
        equation="3",
        title="Smaug: Fixing Failure Modes of Preference Optimisation with DPO-Positive",
        note="Values checked against an independent calculation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid(beta (r_w - r_l - lambda max(0, -r_w)))\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={"TRL 1.16.0": "not implemented"},
)
