"""Bradley-Terry with soft labels: cross-entropy to the probability that the chosen response is preferred.

The label of a pair is a probability p instead of 1, such as a share of annotators or the mean of an ensemble; Wang et
al. 2024, arXiv:2401.06080, uses such labels for pairs of unclear order. p = 1 is `bradley_terry`, p = 0 has the
candidates swapped; the minimum is at r_w - r_l = log(p / (1 - p)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Paper
from benchbench.core.reward_objective import RewardObjective, RewardScores
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of soft labels."""

    column: str = "p_chosen"
    """Column with the probability that the chosen response is preferred, in [0, 1]."""


def columns(hyper: Hyper) -> tuple[Column, ...]:
    """The column of the probability."""
    return (Column(hyper.column, low=0.0, high=1.0),)


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] cross-entropy of sigmoid of the difference of the rewards to the probability."""
    chosen, rejected = pair(scores.reward)
    margin = chosen - rejected
    p = scores.column(hyper.column).to(margin.dtype)
    return -p * F.logsigmoid(margin) - (1 - p) * F.logsigmoid(-margin)


OBJECTIVE = RewardObjective(
    name="bt_soft",
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2401.06080",
        title="Secrets of RLHF in Large Language Models Part II: Reward Modeling",
        note="Cross-entropy to a probability; how the paper makes the probability of its ensemble was not read.",
    ),
    hyper=Hyper,
    loss=loss,
    columns=columns,
    family="pairwise",
    equation="L = -p log s(r_w - r_l) - (1 - p) log s(r_l - r_w)",
)
