"""D3PO in text: DPO of each token step, with the step's ratio to the reference clipped.

A twin of Yang et al. 2023, arXiv:2311.13231 (code yk7333/d3po, scripts/train_d3po.py): a denoising step becomes a
token, and the preference of the whole response holds for every step. Never a reproduction. Token t of the chosen
response is paired with token t of the rejected one; tokens beyond the shorter response are dropped, which is our
assumption, and outside the band a token has no gradient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the text form of D3PO."""

    beta: float = 0.1
    """Reward per nat of a token's log-ratio, > 0; 0.1 is DPO's."""
    clip: float = 0.1
    """Half-width of the band around 1 to which a token's likelihood ratio is clipped, in (0, 1); 0.1 is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "clip", "(0, 1)")


def clipped(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K, T] beta * log of each token's likelihood ratio to the reference, clipped to [1 - clip, 1 + clip]."""
    ratio = scores.policy.token - scores.reference.token
    return hyper.beta * ratio.clamp(min=math.log1p(-hyper.clip), max=math.log1p(hyper.clip))


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] sum over the response tokens of the clipped rewards."""
    return clipped(scores, hyper).sum(dim=-1)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] mean over the shared steps of -log sigmoid of the difference of clipped rewards."""
    chosen, rejected = pair(clipped(scores, hyper).movedim(1, -1))  # [B, T]
    shared = scores.policy.response.all(dim=1)  # [B, T]
    steps = shared.sum(dim=-1).clamp(min=1)
    return (-F.logsigmoid(chosen - rejected) * shared).sum(dim=-1) / steps


METHOD = Method(
    name="d3po_twin",
    paper=Paper(
        "Yang et al.",
        2023,
        arxiv="2311.13231",
        title="Using Human Feedback to Fine-tune Diffusion Models without Any Reward Model",
        note="A text form of the step loss in the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.TOKEN_LEVEL,
    equation=(
        "L = mean_t -log sigmoid(beta (c(r_w,t) - c(r_l,t))), t up to min(|y_w|, |y_l|)\n"
        "r_t = pi(y_t) / ref(y_t), c = log of r clipped to [1 - clip, 1 + clip]"
    ),
    differs={"yk7333/d3po": "denoising steps of two images, which are equally many"},
    collisions=("D3PO is also preference optimisation for discrete diffusion models.",),
    open_question=(
        "How steps beyond the shorter response count has no counterpart in the paper; that they are dropped is assumed."
    ),
    twin_of="A clipped DPO of each denoising step of images; here of each token of two responses.",
)
