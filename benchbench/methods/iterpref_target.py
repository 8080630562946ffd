"""Target-DPO (IterPref): DPO whose rejected response counts with its erroneous tokens alone.

Wu et al. 2025, arXiv:2503.02783. The rejected response is a program that fails, the chosen one its repair; the tokens
in which they differ are the error. The chosen response counts with all tokens:

    loss = -log sigmoid(beta (sum_t rho_w,t - sum_t m_t rho_l,t)),  m_t = 1 on erroneous tokens, 0 elsewhere

1 - m are the weights of the spans `unchanged` of the rejected response, as the transform `diff_spans` makes them.
Written from the description of the method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of Target-DPO."""

    beta: float = 0.1
    """Reward per nat of log-ratio, > 0; 0.1 is DPO's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * log-ratio to the reference: all tokens of the first candidate, the erroneous ones of others."""
    weight = 1 - scores.token_weights("unchanged")
    weight[:, 0] = 1
    return hyper.beta * (weight * (scores.policy.token - scores.reference.token)).sum(dim=-1)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the margin of rewards."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="iterpref_target",
    paper=Paper(
        "Wu et al.",
        2025,
        arxiv="2503.02783",
        title="IterPref: Focal Preference Learning for Code Generation via Iterative Debugging",
        note="Later called Target-DPO; written from the description of the method.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    token_weights=("unchanged",),
    family=Family.TOKEN_LEVEL,
    equation=(
        "loss = -log sigmoid( beta (sum_t rho_w,t - sum_t m_t rho_l,t) )\n"
        "m_t = 1 on the tokens of y_l that the repair changes, 0 elsewhere"
    ),
    open_question="Written from the description; the exact loss, further terms and beta were not verified.",
)
