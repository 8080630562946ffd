"""Diffusion-DRO in text: a hinge on the difference of log-ratios, with the chosen response as the expert's.

A twin of Wu et al. 2025, arXiv:2510.18353 (code basiclab/DiffusionDRO, train.py): the denoising error relative to the
reference becomes the negative log-ratio of a response. Never a reproduction. There the negatives are drawn from a copy
of the policy as it trains; here they are the rejected responses of the data.
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
    """Hyper-parameters of the text form of Diffusion-DRO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    margin: float = 1.0
    """Reward margin beyond which a pair costs nothing, > 0; 1 is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "margin")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] hinge of the reward margin at `margin`."""
    chosen, rejected = pair(reward(scores, hyper))
    return F.relu(hyper.margin - (chosen - rejected))


METHOD = Method(
    name="dro_twin",
    paper=Paper(
        "Wu et al.",
        2025,
        arxiv="2510.18353",
        title="Ranking-based Preference Optimization for Diffusion Models from Implicit User Feedback",
        note="A text form of the hinge in the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation="L = max(0, margin - beta h)\nh = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed",
    differs={"basiclab/DiffusionDRO": "denoising errors of images, and negatives from the policy as it trains"},
    collisions=(
        "DRO is also direct reward optimisation (arXiv:2405.19107), and distributionally robust optimisation.",
    ),
    twin_of=(
        "A hinge on denoising errors of images, expert against online negatives; here on log-ratios of responses."
    ),
)
