"""ASFT: likelihood of the chosen response, plus a pointwise push of both responses' odds, no reference model.

Wang et al. 2024, arXiv:2409.10571, as arXiv:2502.01237 restates it, with p the exp of a response's mean
log-probability, averaged over examples: -(1 + weight) log p_w - weight log(1 - p_l). The `tempered` variant of the
second text has no likelihood term, and odds to the power beta. ORPO's loss is never larger (an identity of that text).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of ASFT."""

    weight: float = 1.0
    """Weight of the two odds terms, >= 0; lambda in the paper, whose value was not recovered, so 1 is ours."""
    sft_weight: float = 1.0
    """Weight of the chosen response's likelihood per token, >= 0; 1 is the paper's form, 0 the tempered one's."""
    beta: float = 1.0
    """Scale of the log-odds, > 0; 1 is the paper's form, a tempered one is tuned."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "weight", "sft_weight")
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * log-odds of the length-normalised likelihood.

    A mean log-probability of zero within machine precision has infinite odds; it is held one rounding step below, where
    its own gradient is zero.
    """
    import torch

    mean = scores.policy.mean()
    mean = mean.clamp(max=-torch.finfo(mean.dtype).eps)
    return hyper.beta * (mean - (-mean.expm1()).log())


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] weighted likelihood of the chosen response per token, and [B] the two odds terms."""
    chosen, rejected = pair(reward(scores, hyper))
    return {
        "nll": Term(-hyper.sft_weight * scores.policy.mean()[:, 0]),
        "odds": Term(-hyper.weight * (F.logsigmoid(chosen) + F.logsigmoid(-rejected))),
    }


METHOD = Method(
    name="asft",
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2409.10571",
        title="ASFT: Aligned Supervised Fine-Tuning through Absolute Likelihood",
        note="Form as restated and proved in arXiv:2502.01237; the paper itself was not read.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    variants={"default": {}, "tempered": {"sft_weight": 0.0, "beta": 0.1}},
    family=Family.POINTWISE,
    equation=(
        "L = -s log p_w - weight [log sigmoid(beta o_w) + log sigmoid(-beta o_l)]\n"
        "p = exp(mean log pi(y_t)), o = log(p / (1 - p)), s = sft_weight"
    ),
)
