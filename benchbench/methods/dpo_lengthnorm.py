"""Length-normalised DPO: each log-ratio divided by its own number of response tokens.

Ahrabian et al. 2024, arXiv:2407.15229 (LN-DPO); the same loss is that of Tulu 3 (arXiv:2411.15124) and TRL's
`sigmoid_norm` (run against TRL 1.16.0 in tests/conformance). Its beta is on another scale than DPO's: for two responses
of n tokens it is DPO with beta / n.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of length-normalised DPO."""

    beta: float = 5.0
    """Reward per nat-per-token of log-ratio, > 0; 5 is the Tulu 3 report's, the paper's grid is not known to us."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * log-ratio to the reference per response token."""
    return hyper.beta * (scores.policy.mean() - scores.reference.mean())


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="dpo_lengthnorm",
    paper=Paper(
        "Ahrabian et al.",
        2024,
        arxiv="2407.15229",
        title="The Hitchhiker's Guide to Human Alignment with *PO",
        note="Checked against TRL 1.16.0, loss type sigmoid_norm.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid(beta (r_w / |y_w| - r_l / |y_l|))\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={"TRL 1.16.0 `sigmoid_norm`": "the same; absent from TRL 1.0.0, and its default beta of 0.1 is DPO's"},
)
