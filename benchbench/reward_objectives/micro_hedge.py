"""MiCRo, stage 2: the heads of stage 1 weighted for each user by Hedge, from few labelled pairs of that user.

Shen et al. 2025, arXiv:2505.24846. Heads and gate are trained as `micro`. Afterwards every user starts from the gate's
weights and goes through the first n of its training pairs, in the order of the data: each pair multiplies the weight of
head k by exp(-eta l_k), l_k = -log sigmoid(r_k(w) - r_k(l)), and the weights are brought to sum 1 again. So a user's
weights of a prompt are the softmax of the gate's logits less eta times the head's losses so far; at eta = 1 they are
the posterior of the heads, and what the mixture loses over the pairs is at most the best head's loss and log(1 / its
weight before). With eta = 0, no pair, or for a user without a pair, the reward is that of `micro`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Term
from benchbench.core.ranges import require_at_least, require_at_least_zero
from benchbench.core.reward_objective import FreeTensor, HeadSpec, Network, RewardObjective, RewardScores
from benchbench.reward_objectives._micro import margins, mean_under, mixture_terms, paper

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of both stages."""

    heads: int = 10
    """Number of reward heads, 1 or more."""
    balance: float = 0.5
    """Weight of the gate's negative entropy in nats, >= 0; lambda in the paper."""
    users: int = 1
    """Number of users; the column has whole numbers from 0 to `users` - 1."""
    column: str = "user"
    """Column with the user of each example."""
    pairs: int = 16
    """Number n of each user's pairs that weigh the heads, >= 0; 16 is ours."""
    rate: float = 1.0
    """Hedge's eta, >= 0: how far a pair moves the weights; 1 is ours, 0 leaves the gate alone."""
    train_backbone: bool = False
    """Train the backbone, too; the paper trains heads and gate on a frozen reward model."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "heads", "users")
        require_at_least_zero(self, "balance", "pairs", "rate")


def head(hyper: Hyper) -> HeadSpec:
    """A number per head, the gate's logits of the prompt, and each user's losses, which are fitted after training."""
    tables = {"losses": FreeTensor((hyper.users, hyper.heads), fitted=True)}
    return HeadSpec(Network(hyper.heads), Network(hyper.heads), tables, trains_backbone=hyper.train_backbone)


def scored_columns(hyper: Hyper) -> tuple[Column, ...]:
    """The column of the users."""
    return (Column(hyper.column, 0, hyper.users - 1),)


def score(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K] mean of the heads under the weights of each example's user."""
    losses = scores.table("losses")[_users(scores, hyper)]  # [B, M]
    return mean_under(scores.prompt - hyper.rate * losses, scores)


def loss(scores: RewardScores, hyper: Hyper) -> Mapping[str, Term]:
    """The two terms of stage 1, which reads no user."""
    return mixture_terms(scores, hyper.balance)


def fit(scores: RewardScores, hyper: Hyper) -> Mapping[str, Tensor]:
    """[users, M] sum of every head's losses over the first pairs of each user."""
    of_pairs = -F.logsigmoid(margins(scores)).double()  # [N, M]
    users = _users(scores, hyper)
    losses = of_pairs.new_zeros((hyper.users, hyper.heads))
    for user in range(hyper.users):
        losses[user] = of_pairs[users == user][: hyper.pairs].sum(dim=0)
    return {"losses": losses}


def _users(scores: RewardScores, hyper: Hyper) -> Tensor:
    return scores.column(hyper.column).round().long()  # [B]


OBJECTIVE = RewardObjective(
    name="micro_hedge",
    paper=paper("Stage 2; heads and gate are those of `micro`."),
    hyper=Hyper,
    loss=loss,
    score=score,
    head=head,
    scored_columns=scored_columns,
    fit=fit,
    family="pairwise",
    equation="r = sum_k w_k r_k,  w = softmax(gate - eta sum_i l_ki)\nl_ki = -log s(r_k(w_i) - r_k(l_i))",
    open_question="Only that stage 2 is an online update of Hedge's kind from few pairs of a user is known; its loss, "
    "its rate and where it starts from were not read.",
)
