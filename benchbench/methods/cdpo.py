"""cDPO: DPO that assumes a known share of the labels to be flipped.

Mitchell 2023, "A note on DPO with noisy preferences & relationship to IPO" (ericmitchell.ai/cdpo.pdf), eq. 3: binary
cross-entropy with smoothed labels on the DPO margin, on summed log-probabilities. The public implementations cite that
equation: TRL up to 0.28 (`sigmoid` with `label_smoothing`; gone since 0.29), OpenRLHF, HALOs. The optimum is finite,
beta * margin = log((1 - e) / e), unlike that of DPO and of `rdpo_robust`.
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
    """Hyper-parameters of cDPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    label_smoothing: float = 0.1
    """Assumed share of flipped labels, in [0, 0.5); 0 is DPO. 0.1 is ours, equal to `rdpo_robust`; HALOs takes 0.2."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "label_smoothing", "[0, 0.5)")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] cross-entropy of the reward margin with the label at probability 1 - label_smoothing."""
    chosen, rejected = pair(reward(scores, hyper))
    margin = chosen - rejected
    flipped = hyper.label_smoothing
    return -(1 - flipped) * F.logsigmoid(margin) - flipped * F.logsigmoid(-margin)


METHOD = Method(
    name="cdpo",
    paper=Paper(
        "Mitchell",
        2023,
        equation="3",
        title="A note on DPO with noisy preferences & relationship to IPO",
        note="A note on the author's site (ericmitchell.ai/cdpo.pdf), not on arXiv; form as in TRL 0.28 and HALOs.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    monotone_in_chosen=False,
    monotone_reason="The smoothed label has a finite optimum; beyond it a larger margin costs.",
    logistic=True,
    family=Family.PAIRWISE,
    equation=(
        "-(1 - e) log sigmoid(beta (h_w - h_l)) - e log sigmoid(-beta (h_w - h_l))\n"
        "h = log pi(y|x) - log ref(y|x), summed over y; e = label_smoothing"
    ),
    differs={
        "TRL up to 0.28, loss type sigmoid with label_smoothing": "the same; gone since 0.29",
        "OpenRLHF, HALOs": "the same; HALOs takes e = 0.2",
    },
)
