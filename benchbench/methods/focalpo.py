"""FocalPO: DPO that weighs each pair by a power of the probability with which the policy ranks it correctly.

Liu et al. 2025, arXiv:2501.06645. With p = sigmoid(beta times the log-ratio margin) the loss is -p^gamma log p. The
factor's part is described in public, its form is that of a re-implementation (oxRL at 2a2bd5d, focalpo.py) and of a
public reading note; the authors' repository has no code. Whether the gradient flows through the factor is open: by
default it does, as the formula says, and a pair with p below exp(-1/gamma) is then pushed further wrong; variant
`detached` holds the factor fixed.
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
    """Hyper-parameters of FocalPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    gamma: float = 0.05
    """Power of the factor, >= 0; 0 is DPO. 0.05 is what we recall of the paper."""
    detach_factor: bool = False
    """Hold the factor fixed in the gradient; the default, ours, differentiates the loss as it is written."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "gamma")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log p weighted by p^gamma, with p the sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    log_p = F.logsigmoid(chosen - rejected)
    factor = (hyper.gamma * (log_p.detach() if hyper.detach_factor else log_p)).exp()
    return -factor * log_p


METHOD = Method(
    name="focalpo",
    paper=Paper(
        "Liu et al.",
        2025,
        arxiv="2501.06645",
        title="FocalPO: Enhancing Preference Optimizing by Focusing on Correct Preference Rankings",
        note="Values checked against an independent calculation; gradients are not, for want of a source.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    monotone_in_chosen=False,
    monotone_reason="Where p is below exp(-1 / gamma) the falling factor outweighs the logarithm.",
    variants={"default": {}, "detached": {"detach_factor": True}},
    family=Family.PAIRWISE,
    equation=(
        "loss = -p^gamma log p,  p = sigmoid(beta (r_w - r_l))\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={"oxRL at 2a2bd5d, focalpo.py": "the same value"},
    open_question="The paper's equation was not read, and whether the gradient of its factor is stopped is not known.",
)
