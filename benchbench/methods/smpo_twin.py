"""SmPO in text: DPO whose margin is scaled by how sure the label is.

A twin of Lu et al. 2025, arXiv:2506.02698 (SmPO-Diffusion): denoising errors become negative log-ratios, and the
smoothed label from normalised image scores becomes p_chosen. Never a reproduction; the inversion of noise has no text
form. It is the loss of `gdpo` with beta times gamma.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the text form of SmPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    gamma: float = 10.0
    """Scale of the label, > 0: beta * gamma is the reward per nat of a certain pair; 10 is the paper's for images."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "gamma")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of (2p - 1) * gamma times the reward margin; at p = 1/2 the constant log 2."""
    chosen, rejected = pair(reward(scores, hyper))
    p = scores.column("p_chosen").to(chosen)
    return -F.logsigmoid((2 * p - 1) * hyper.gamma * (chosen - rejected))


METHOD = Method(
    name="smpo_twin",
    paper=Paper(
        "Lu et al.",
        2025,
        arxiv="2506.02698",
        title=(
            "Smoothed Preference Optimization via ReNoise Inversion for Aligning Diffusion Models with Varied "
            "Human Preferences"
        ),
        note="A text form; the image loss as a secondary source gives it.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("p_chosen", low=0.0, high=1.0),),
    monotone_in_chosen=False,
    monotone_reason="Where p_chosen is below one half the second candidate is the preferred one.",
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid((2p - 1) gamma beta h)\n"
        "h = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed; p = column p_chosen"
    ),
    twin_of=(
        "A smoothed-label DPO on denoising errors of images after noise inversion; here on log-ratios of responses."
    ),
)
