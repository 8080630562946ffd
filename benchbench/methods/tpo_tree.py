"""TPO on trees: LiPO's loss on ranked solutions whose steps weigh by how much they matter.

Liao et al. 2024, arXiv:2410.12854. The candidates are paths of a tree of reasoning with scores v. With s_i = beta * the
log-ratio of candidate i to the reference, each step of it weighted,

    w_ij = |2^v_i - 2^v_j| * |1 / log(1 + rank_i) - 1 / log(1 + rank_j)|,  ranks by s
    loss = sum over pairs with v_i > v_j of w_ij log(1 + e^{-(s_i - s_j)})

The weights of steps are numbers of the spans `step_weight`; the paper makes them from hidden states (1 plus the cosine
of a step's mean state with that of the best path's step), which are not read here. With all weights 1 it is
`lipo_lambda`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.lists import lambda_rank, several
from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of TPO on trees."""

    beta: float = 0.1
    """Reward per nat of weighted log-ratio, > 0; 0.1 is the authors' code's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * log-ratio to the reference, its steps weighted."""
    ratio = scores.policy.token - scores.reference.token
    return hyper.beta * (scores.token_weights("step_weight") * ratio).sum(dim=-1)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] weighted logistic losses of all pairs of a list.

    Raises:
        ValueError: K is 1; there is nothing to rank.
    """
    score = several(reward(scores, hyper))
    return lambda_rank(score, scores.reward, ranked=score)


METHOD = Method(
    name="tpo_tree",
    paper=Paper(
        "Liao et al.",
        2024,
        arxiv="2410.12854",
        title="TPO: Aligning Large Language Models with Multi-branch & Multi-step Preference Trees",
        note="Written from the description; the authors' repository, MrBlankness/TPO at ba87a23, has other forms.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.REWARD}),
    candidates=Candidates.ANY,
    token_weights=("step_weight",),
    monotone_in_chosen=False,
    monotone_reason="The rewards say which candidate is the better one, and the first need not be.",
    family=Family.LISTWISE,
    equation=(
        "s_i = beta sum_t a_t rho_i,t,  a_t: weight of the step of token t\n"
        "w_ij = |2^v_i - 2^v_j| |1/log(1+rank_i) - 1/log(1+rank_j)|\n"
        "loss = sum_{v_i > v_j} w_ij log(1 + e^{-(s_i - s_j)}),  ranks by s"
    ),
    differs={
        "MrBlankness/TPO at ba87a23": "its files are two other losses: a pairwise one inside a further log sigmoid, "
        "and one of labels by place in the list",
    },
    collisions=("TPO of arXiv:2405.16681 is on triples: `tpo_triple`.",),
    open_question="The loss is written from memory and no repository has it; weights of steps are given by the data.",
)
