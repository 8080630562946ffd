"""rDPO: DPO made unbiased under random label flips of a known rate.

Ray Chowdhury et al. 2024, arXiv:2403.00409, on summed log-probabilities. Checked against TRL at f2cd577,
trl/trainer/dpo_trainer.py, loss type `robust`, and run against TRL 1.16.0 (tests/conformance). A negative loss is
normal here: the flipped term is subtracted. Not R-DPO, the length-regularised loss of arXiv:2403.19159.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of rDPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is what TRL's paper index gives for this paper."""
    label_smoothing: float = 0.1
    """Assumed rate of flipped labels, in [0, 0.5); 0 is DPO. 0.1 is what TRL's paper index gives for this paper."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "label_smoothing", "[0, 0.5)")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] DPO loss of the label minus that of the flipped label, weighted so that flips cancel on average."""
    chosen, rejected = pair(reward(scores, hyper))
    margin = chosen - rejected
    rate = hyper.label_smoothing
    return (-(1 - rate) * F.logsigmoid(margin) + rate * F.logsigmoid(-margin)) / (1 - 2 * rate)


METHOD = Method(
    name="rdpo_robust",
    paper=Paper(
        "Ray Chowdhury et al.",
        2024,
        arxiv="2403.00409",
        title="Provably Robust DPO: Aligning Language Models with Noisy Feedback",
        note="Checked against TRL 1.16.0, loss type robust.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    logistic=True,
    family=Family.PAIRWISE,
    equation=(
        "(-(1 - e) log sigmoid(d) + e log sigmoid(-d)) / (1 - 2e)\n"
        "d = beta (h_w - h_l), h = log pi(y|x) - log ref(y|x), summed over y"
    ),
    differs={
        "TRL 1.16.0, loss type robust": "the same",
    },
    collisions=("R-DPO (arXiv:2403.19159) is the length-regularised loss; checkpoints call both RDPO.",),
)
