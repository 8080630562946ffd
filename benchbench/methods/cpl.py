"""CPL: contrastive preference learning, a logistic loss on discounted sums of log-probabilities, no reference model.

Hejna et al. 2023, arXiv:2310.13639; code jhejna/cpl at b4f1973, research/algs/cpl.py, which does not discount. A token
is a step of the segment. The rejected side is scaled by lambda <= 1, so that of two policies with equal margins the
one nearer to the data has the lower loss. At lambda 1 and discount 1 it is CPO's preference term with beta = alpha.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Paper
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of CPL."""

    alpha: float = 0.1
    """Reward per nat of discounted log-probability, > 0; 0.1 is the authors' state configuration's."""
    rejected_scale: float = 0.5
    """Factor lambda of the rejected side, in (0, 1]; 0.5 is the authors' state configuration's `contrastive_bias`."""
    discount: float = 1.0
    """Weight of a token relative to the one before it, in (0, 1]; 1, no discount, is the authors' code's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "alpha")
        require_within(self, "rejected_scale", "(0, 1]")
        require_within(self, "discount", "(0, 1]")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] alpha * sum of discount^t * log-probability of response token t, counted from 0."""
    token = scores.policy.token
    position = (scores.policy.response.cumsum(dim=-1) - 1).clamp(min=0).to(token)
    return hyper.alpha * (hyper.discount**position * token).sum(dim=-1)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the chosen side minus rejected_scale times the rejected one."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - hyper.rejected_scale * rejected)


METHOD = Method(
    name="cpl",
    paper=Paper(
        "Hejna et al.",
        2023,
        arxiv="2310.13639",
        title="Contrastive Preference Learning: Learning from Human Feedback without RL",
        note="Checked against the authors' code, jhejna/cpl at b4f1973, whose segments are of equal length.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    variants={"default": {}, "unbiased": {"rejected_scale": 1.0}, "discounted": {"discount": 0.99}},
    family=Family.PAIRWISE,
    equation="L = -log sigmoid(A_w - lambda A_l), A = alpha sum_t discount^t log pi(y_t)\nlambda = rejected_scale",
    differs={"jhejna/cpl b4f1973": "the same without a discount, on continuous actions and segments of equal length"},
)
