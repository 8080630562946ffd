"""Bradley-Terry with an adaptive margin: the mean margin that an ensemble of reward models gives to the pair.

Wang et al. 2024, arXiv:2401.06080 (Secrets of RLHF II), for pairs that the ensemble orders clearly:
-log sigmoid(r_w - r_l - mu). The column is what the ensemble stage writes (`reward_model.ensemble`), or one of the
data.
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
    """Hyper-parameters of the adaptive margin."""

    column: str = "margin_mean"
    """Column with the ensemble's mean margin of each pair, in units of reward."""
    low: float = 0.0
    """Smallest margin that is taken; at 0 a pair that the ensemble orders the other way has none."""
    high: float | None = None
    """Largest margin that is taken; none bounds nothing."""

    def __post_init__(self) -> None:
        require(math.isfinite(self.low), "low", "a finite number", self.low)
        require(self.high is None or self.high >= self.low, "high", f"a number of at least low ({self.low})", self.high)


def columns(hyper: Hyper) -> tuple[Column, ...]:
    """The column of the mean margin."""
    return (Column(hyper.column),)


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the difference of the rewards less the ensemble's mean margin."""
    chosen, rejected = pair(scores.reward)
    margin = scores.column(hyper.column).to(chosen.dtype).clamp(hyper.low, hyper.high)
    return -F.logsigmoid(chosen - rejected - margin)


OBJECTIVE = RewardObjective(
    name="bt_adaptive_margin",
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2401.06080",
        title="Secrets of RLHF in Large Language Models Part II: Reward Modeling",
        note="Formula from memory of the paper; the bounds of the margin are ours.",
    ),
    hyper=Hyper,
    loss=loss,
    columns=columns,
    family="pairwise",
    equation="L = -log s(r_w - r_l - mu),  mu = mean margin of an ensemble",
    open_question="The formula is from memory of the paper; which pairs get a margin there, and whether it is clipped, "
    "was not read.",
)
