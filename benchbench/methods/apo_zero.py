"""APO-zero: raise the chosen response against the reference and lower the rejected one, each with a bounded pull.

D'Oosterlinck et al. 2024, arXiv:2408.06266, eq. 7, on summed log-probabilities. For data whose chosen responses are
better than what the model writes; for the other case see `apo_down`. Run against TRL 1.16.0, loss type `apo_zero`
(tests/conformance).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of APO-zero."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is what TRL's paper index gives for this paper."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] 1 - sigmoid of the chosen reward plus sigmoid of the rejected one."""
    chosen, rejected = pair(reward(scores, hyper))
    return F.sigmoid(-chosen) + F.sigmoid(rejected)


METHOD = Method(
    name="apo_zero",
    paper=Paper(
        "D'Oosterlinck et al.",
        2024,
        arxiv="2408.06266",
        equation="7",
        title="Anchored Preference Optimization and Contrastive Revisions: Addressing Underspecification in Alignment",
        note="Checked against TRL 1.16.0, loss type apo_zero.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.POINTWISE,
    equation=(
        "loss = 1 - sigmoid(beta r_w) + sigmoid(beta r_l)\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={"TRL 1.16.0 `apo_zero`": "the same"},
    collisions=("Accelerated preference optimisation (arXiv:2410.06293) is also called APO.",),
)
