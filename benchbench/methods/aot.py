"""AOT: the whole step's sorted policy margins against its sorted reference margins.

Melnyk et al. 2024, arXiv:2406.05882, paired form: with m = the difference of the two responses' summed
log-probabilities, the margins of the policy and those of the reference are each sorted over the batch, and the loss is
DPO's on the differences of equal rank, so that one distribution is moved beyond the other. Checked against TRL at
f2cd577, trl/trainer/dpo_trainer.py, loss type `aot`, which sorts within each device's microbatch; here the whole
optimizer step is sorted, however it is cut.
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
    """Hyper-parameters of AOT."""

    beta: float = 0.01
    """Reward per nat of summed log-ratio, > 0; 0.01 is the value of TRL's page on the paper."""
    label_smoothing: float = 0.0
    """Assumed share of flipped labels, in [0, 0.5); 0 in the paper, TRL offers it."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "label_smoothing", "[0, 0.5)")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] logistic loss of each margin of the policy beyond the reference's margin of the same rank."""
    chosen, rejected = pair(scores.policy.sum())
    reference_chosen, reference_rejected = pair(scores.reference.sum())
    margins = chosen - rejected
    ranks = margins.argsort().argsort()
    beyond = hyper.beta * (margins - (reference_chosen - reference_rejected).sort().values[ranks])
    flipped = hyper.label_smoothing
    return -(1 - flipped) * F.logsigmoid(beyond) - flipped * F.logsigmoid(-beyond)


METHOD = Method(
    name="aot",
    paper=Paper(
        "Melnyk et al.",
        2024,
        arxiv="2406.05882",
        title="Distributional Preference Alignment of LLMs via Optimal Transport",
        note="Paired form; checked against TRL 1.16.0, loss type aot.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    coupled=True,
    least_examples=2,
    monotone_in_chosen=True,
    family=Family.PAIRWISE,
    equation=(
        "m_i = lp(y_w) - lp(y_l),  r_i the same under the reference\n"
        "loss = mean_i -log sigmoid( beta (m_(i) - r_(i)) )\n"
        "m_(i), r_(i): the i-th smallest of the step"
    ),
    differs={"TRL 1.16.0": "sorts within each device's microbatch, so that its size is part of the result"},
    collisions=("`aot_pair` was TRL's name of the unpaired form until 0.28.",),
)
