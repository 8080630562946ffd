"""MaPO in text: likelihood of the chosen response plus a logistic loss on a transformed likelihood, no reference model.

A twin of Hong et al. 2024, arXiv:2406.06424 (margin-aware, for diffusion), eq. 9 to 11 of the second version: the
denoising loss of an image becomes a response's negative log-likelihood per token, e, and the margin is that of phi(e) =
(e / (exp(e) - 1))^beta, which falls from 1 at e = 0 to 0. Never a reproduction. In SparsePO's code "mapo" is a mask
from activations, another thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Paper, Term
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the text form of MaPO."""

    beta: float = 0.5
    """Power of phi and inverse weight of the margin term, > 0; 0.5 is ours, the paper's is not known to us."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] phi of the negative log-likelihood per token, in (0, 1].

    Below one rounding step from 0 phi is held, with no gradient of its own.
    """
    import torch

    error = -scores.policy.mean()
    error = error.clamp(min=torch.finfo(error.dtype).eps)
    return (hyper.beta * (error.log() - error - (-(-error).expm1()).log())).exp()


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] negative log-likelihood of the chosen response per token, and [B] the margin term over beta."""
    chosen, rejected = pair(reward(scores, hyper))
    return {
        "likelihood": Term(-scores.policy.mean()[:, 0]),
        "margin": Term(-F.logsigmoid(chosen - rejected) / hyper.beta),
    }


METHOD = Method(
    name="mapo_twin",
    paper=Paper(
        "Hong et al.",
        2024,
        arxiv="2406.06424",
        title="Margin-aware Preference Optimization for Aligning Diffusion Models without Reference",
        equation="9",
        note="A text form of the second version's loss; the paper's beta was not read.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    family=Family.PAIRWISE,
    equation=(
        "L = e_w - (1 / beta) log sigmoid(phi(e_w) - phi(e_l))\n"
        "phi(e) = (e / (exp(e) - 1))^beta, e = -log pi(y|x) / |y|"
    ),
    differs={
        "mapo-t2i/mapo b1c1088, train.py": "the first version: margin of phi at beta 1 of scaled losses, times the "
        "number of denoising steps, and a weight of its own",
    },
    collisions=("In SparsePO's code mapo is a mask made of the reference model's activations.",),
    twin_of=(
        "A reference-free margin loss on denoising losses of images; here on negative log-likelihoods of "
        "responses per token."
    ),
)
