"""NCA for pairs: noise-contrastive alignment, which holds each response against the reference.

Chen et al. 2024, arXiv:2402.05369, pair form, on summed log-probabilities. Unlike in DPO the chosen response has a
level that it should reach: its own two terms are least at beta times log-ratio = log 2. Run against TRL 1.16.0, loss
type `nca_pair` (tests/conformance).
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
    """Hyper-parameters of NCA for pairs."""

    beta: float = 0.01
    """Reward per nat of summed log-ratio, > 0; 0.01 is what TRL's paper index gives for this paper."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] cross-entropies of both responses, each against the reference as noise."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen) - (F.logsigmoid(-chosen) + F.logsigmoid(-rejected)) / 2


METHOD = Method(
    name="nca_pair",
    paper=Paper(
        "Chen et al.",
        2024,
        arxiv="2402.05369",
        title="Noise Contrastive Alignment of Language Models with Explicit Rewards",
        note="Checked against TRL 1.16.0, loss type nca_pair.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    monotone_in_chosen=False,
    monotone_reason="The chosen response's two terms are least where beta times its log-ratio is log 2.",
    family=Family.POINTWISE,
    equation=(
        "loss = -log s(beta r_w) - 1/2 log s(-beta r_w) - 1/2 log s(-beta r_l)\n"
        "s = sigmoid\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={"TRL 1.16.0 `nca_pair`": "the same"},
    collisions=("InfoNCA of the same paper is a cross-entropy over K responses with explicit rewards.",),
)
