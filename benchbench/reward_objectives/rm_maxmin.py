"""MaxMin-RLHF's reward models: a mixture of Bradley-Terry rewards, one for each of the groups that users fall into.

Chakraborty et al. 2024, arXiv:2402.08925. Whose pair is whose is known, which group a user is of is not. The paper
assigns every user to the group under which the user's comparisons are likeliest, fits each group's reward model to its
users, and repeats. Here both go on at once: a user has weights of the groups, and the gradient of the mixture's
likelihood moves rewards and weights (a generalised EM); a response is rewarded by the group of the largest weight. One
group is Bradley-Terry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.reward_objective import FreeTensor, HeadSpec, Network, RewardObjective, RewardScores
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS = "user_weights"


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the mixture."""

    users: int = 1
    """Number of users; the column has whole numbers from 0 to `users` - 1."""
    groups: int = 2
    """Number of groups, each with a reward of its own; >= 1."""
    column: str = "user"
    """Column with the user of each example."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "users", "groups")


def head(hyper: Hyper) -> HeadSpec:
    """One linear map to the rewards of all groups, and a free vector of weights per user, equal at first."""
    return HeadSpec(Network(hyper.groups), tables={WEIGHTS: FreeTensor((hyper.users, hyper.groups))})


def scored_columns(hyper: Hyper) -> tuple[Column, ...]:
    """The column of the users."""
    return (Column(hyper.column, 0, hyper.users - 1),)


def _weights(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, G] what each example's user has for each group, before the softmax."""
    return scores.table(WEIGHTS)[scores.column(hyper.column).round().long()]


def score(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K] reward of each response by the group of the user's largest weight; of equal ones the first."""
    group = _weights(scores, hyper).argmax(dim=-1)  # [B]
    places = group[:, None, None].expand(-1, scores.outputs.shape[1], 1)
    return scores.outputs.gather(-1, places).squeeze(-1)


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] minus log of the mixture's probability of the pair's order."""
    chosen, rejected = pair(scores.outputs.transpose(1, 2))  # [B, G] each
    return -(_weights(scores, hyper).log_softmax(dim=-1) + F.logsigmoid(chosen - rejected)).logsumexp(dim=-1)


OBJECTIVE = RewardObjective(
    name="rm_maxmin",
    paper=Paper(
        "Chakraborty et al.",
        2024,
        arxiv="2402.08925",
        title="MaxMin-RLHF: Alignment with Diverse Human Preferences",
        note="From its abstract and from memory.",
    ),
    hyper=Hyper,
    loss=loss,
    score=score,
    head=head,
    scored_columns=scored_columns,
    family="pairwise",
    equation="L = -log sum_g softmax(w_u)_g sigmoid(r_g(w) - r_g(l))",
    differs={"the paper": "users are assigned to one group at a time there, and each group is fitted by itself"},
    open_question="No repository was found; hard assignment is from memory, and how groups start was not read.",
)
