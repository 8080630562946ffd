"""Target-DPO (IterPref): DPO whose rejected response counts with its erroneous tokens alone.

Wu et al. 2025, arXiv:2503.02783. The rejected response is a program that fails, the chosen one its repair; the tokens
in which they differ are the error. The chosen response counts with all tokens:

    loss = -log sigmoid(beta (sum_t rho_w,t - sum_t m_t rho_l,t)) - (sft_weight / |y_w|) log pi(y_w)

with m_t 1 on erroneous tokens and 0 elsewhere. 1 - m are the weights of the spans `unchanged` of the rejected response,
as the transform `diff_spans` makes them. Compared with the authors' code, JieWu02/Target-DPO at c7f48f1, and its
recipe; the paper was not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of Target-DPO."""

    beta: float = 0.1
    """Reward per nat of log-ratio, > 0; 0.1 is that of the authors' recipe, and DPO's."""
    sft_weight: float = 1.0
    """Weight of the chosen response's negative log-likelihood per token, >= 0; 1 is that of the authors' recipe."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "sft_weight")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * log-ratio to the reference: all tokens of the first candidate, the erroneous ones of others."""
    weight = 1 - scores.token_weights("unchanged")
    weight[:, 0] = 1
    return hyper.beta * (weight * (scores.policy.token - scores.reference.token)).sum(dim=-1)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the margin of rewards, and the weighted likelihood of the chosen response per token."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected) - hyper.sft_weight * scores.policy.mean()[:, 0]


METHOD = Method(
    name="iterpref_target",
    paper=Paper(
        "Wu et al.",
        2025,
        arxiv="2503.02783",
        title="IterPref: Focal Preference Learning for Code Generation via Iterative Debugging",
        note="Later versions are called Target-DPO. Compared with the authors' code, scripts/customer_trainer.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    token_weights=("unchanged",),
    variants={"default": {}, "preference_alone": {"sft_weight": 0.0}},
    family=Family.TOKEN_LEVEL,
    equation=(
        "loss = -log sigmoid( beta (sum_t rho_w,t - sum_t m_t rho_l,t) )\n"
        "       - (sft_weight / |y_w|) log pi(y_w)\n"
        "m_t = 1 on the tokens of y_l that the repair changes, 0 elsewhere"
    ),
    differs={
        "JieWu02/Target-DPO c7f48f1": "the chosen response counts from its block of code on, errors are whole lines, "
        "and the likelihood is a mean over the tokens of a microbatch, which the recipe makes one pair",
    },
)
