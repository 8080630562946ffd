"""Bradley-Terry with flipped labels: pairs that an ensemble orders the other way are turned round.

Wang et al. 2024, arXiv:2401.06080 (Secrets of RLHF II): the pairs with the lowest mean margin over an ensemble of
reward models are mostly mislabelled, and their labels are flipped. The paper flips a share of the pairs (20 %, by
third-party reports); here a pair is flipped where its column lies below a threshold, which does not depend on the
other pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require
from benchbench.core.reward_objective import RewardObjective, RewardScores
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of flipping."""

    column: str = "margin_mean"
    """Column with the mean margin of each pair over an ensemble, or any number that says how clear its label is."""
    threshold: float = 0.0
    """A pair is flipped where its number is below this; 0 is ours."""

    def __post_init__(self) -> None:
        require(math.isfinite(self.threshold), "threshold", "a finite number", self.threshold)


def columns(hyper: Hyper) -> tuple[Column, ...]:
    """The column that says which pairs are flipped."""
    return (Column(hyper.column),)


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the difference of the rewards, whose sign is turned for flipped pairs."""
    chosen, rejected = pair(scores.reward)
    margin = chosen - rejected
    flipped = scores.column(hyper.column) < hyper.threshold
    return -F.logsigmoid(margin.where(~flipped, -margin))


OBJECTIVE = RewardObjective(
    name="bt_flipped",
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2401.06080",
        title="Secrets of RLHF in Large Language Models Part II: Reward Modeling",
        note="A threshold in place of the paper's share of pairs.",
    ),
    hyper=Hyper,
    loss=loss,
    columns=columns,
    family="pairwise",
    equation="L = -log s(f (r_w - r_l))\nf = -1 where the column is below the threshold, else 1",
    open_question="The paper flips the pairs of the lowest mean margins by their share; a threshold is ours.",
)
