"""MiCRo, stage 1: a mixture of Bradley-Terry heads whose weights come from the prompt.

Shen et al. 2025, arXiv:2505.24846: -log sum_k p_k(x) sigmoid(r_k(w) - r_k(l)), p the softmax of a linear map of the
prompt's state, and lambda sum_k p_k log p_k, which keeps the gate from collapsing. Heads of one value are
`bradley_terry`. Mixture and defaults were checked against MaxwellJryao/MiCRo; the frozen prior network of that code is
not part of it, and the router of stage 2 is `micro_hedge`. The reward of a response is the gate's mean of its heads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Term
from benchbench.core.ranges import require_at_least, require_at_least_zero
from benchbench.core.reward_objective import HeadSpec, Network, RewardObjective, RewardScores
from benchbench.reward_objectives._micro import mean_under, mixture_terms, paper

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of MiCRo."""

    heads: int = 10
    """Number of reward heads, 1 or more."""
    balance: float = 0.5
    """Weight of the gate's negative entropy in nats, >= 0; lambda in the paper."""
    train_backbone: bool = False
    """Train the backbone, too; the paper trains heads and gate on a frozen reward model."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "heads")
        require_at_least_zero(self, "balance")


def head(hyper: Hyper) -> HeadSpec:
    """A number per head, and the gate's logits of the prompt."""
    return HeadSpec(Network(hyper.heads), Network(hyper.heads), trains_backbone=hyper.train_backbone)


def score(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K] mean of the heads under the gate."""
    return mean_under(scores.prompt, scores)


def loss(scores: RewardScores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] of the mixture, and the weighted negative entropy of the gate."""
    return mixture_terms(scores, hyper.balance)


OBJECTIVE = RewardObjective(
    name="micro",
    paper=paper("Stage 1. Checked against MaxwellJryao/MiCRo."),
    hyper=Hyper,
    loss=loss,
    score=score,
    head=head,
    family="pairwise",
    equation="L = -log sum_k p_k s(r_wk - r_lk) + lambda sum_k p_k log p_k",
    open_question="Whether the balance term takes the gate of each prompt, as here, or its mean over the batch was not "
    "recorded, and the code's prior network is left out.",
)
