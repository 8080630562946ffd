"""SLiC-HF: a hinge on the difference of the two responses' log-probabilities, and a likelihood term; no reference.

Zhao et al. 2023, arXiv:2305.10425, on summed log-probabilities. The regularisation target of the paper is a response of
the SFT data; here it is the chosen response, the only demonstration that a pair has. Not the loss that TRL calls
`hinge`, which is `rso_hinge`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of SLiC-HF."""

    delta: float = 1.0
    """Margin in nats beyond which a pair costs nothing, > 0; 1 is the default of HALOs."""
    sft_weight: float = 0.1
    """Weight of the chosen response's summed negative log-likelihood, >= 0, lambda in the paper; 0.1 is HALOs'
    default."""

    def __post_init__(self) -> None:
        require_above_zero(self, "delta")
        require_at_least_zero(self, "sft_weight")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] summed log-probability."""
    return scores.policy.sum()


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] hinge of the margin at delta, plus the weighted negative log-likelihood of the chosen response."""
    chosen, rejected = pair(reward(scores, hyper))
    return F.relu(hyper.delta - chosen + rejected) - hyper.sft_weight * chosen


METHOD = Method(
    name="slic_hf",
    paper=Paper(
        "Zhao et al.",
        2023,
        arxiv="2305.10425",
        title="SLiC-HF: Sequence Likelihood Calibration with Human Feedback",
        note="The likelihood term is on the chosen response; values checked against an independent calculation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    family=Family.PAIRWISE,
    equation="loss = max(0, delta - lp_w + lp_l) - lambda * lp_w,  lp = summed log pi(y)",
    differs={
        "HALOs, SLiCTrainer": "adds a [B, T] regulariser per token to a [B] hinge, which does not broadcast as meant",
        "TRL 1.16.0 `hinge`": "another loss: reference-normalised and without the likelihood term (method `rso_hinge`)",
        "the paper": "its likelihood term is on a target of the SFT data, ours on the chosen response",
    },
    collisions=("The `hinge` or `SLiC` of many tables is RSO's reference-normalised hinge.",),
)
