"""RSO's hinge: SLiC's hinge on log-ratios to the reference instead of log-probabilities.

Liu et al. 2023, arXiv:2309.06657, the hinge-norm loss, on summed log-probabilities; gamma of the paper is beta here.
Run against TRL 1.16.0, loss type `hinge` (tests/conformance). The other half of RSO, rejection sampling of the pairs,
is not part of a loss.
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
    """Hyper-parameters of the hinge of RSO."""

    beta: float = 0.05
    """Reward per nat of summed log-ratio, > 0; gamma in the paper, whose value is 0.05; 0.1 is TRL's default."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] hinge of the reward margin at 1."""
    chosen, rejected = pair(reward(scores, hyper))
    return F.relu(1 - (chosen - rejected))


METHOD = Method(
    name="rso_hinge",
    paper=Paper(
        "Liu et al.",
        2023,
        arxiv="2309.06657",
        title="Statistical Rejection Sampling Improves Preference Optimization",
        note="Checked against TRL 1.16.0, loss type hinge.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=("loss = max(0, 1 - beta (r_w - r_l))\nr(y) = log pi(y) - log ref(y), summed over the response tokens"),
    differs={"TRL 1.16.0 `hinge`": "the same"},
    collisions=("SLiC-HF (method `slic_hf`), often tabulated as the same, has no reference and a likelihood term.",),
)
