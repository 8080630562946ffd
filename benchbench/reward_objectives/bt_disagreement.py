"""Bradley-Terry with a margin that shrinks where judges disagree.

Padmakumar et al. 2024, arXiv:2412.03822: several judgements of each pair, and a margin by their agreement. The margin
here is linear in the share a of judgements for the chosen response, m = scale (2 a - 1): 0 where judges are split in
halves, `scale` where all agree, negative where the recorded choice is the minority's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_at_least_zero
from benchbench.core.reward_objective import RewardObjective, RewardScores
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the margin by agreement."""

    column: str = "p_chosen"
    """Column with the share of judgements that prefer the chosen response, in [0, 1]."""
    scale: float = 1.0
    """Margin of a pair that all judges order as it is recorded, in units of reward, >= 0; 1 is ours, 0 is plain
    Bradley-Terry."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "scale")


def columns(hyper: Hyper) -> tuple[Column, ...]:
    """The column of the agreement."""
    return (Column(hyper.column, low=0.0, high=1.0),)


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the difference of the rewards less the margin."""
    chosen, rejected = pair(scores.reward)
    margin = hyper.scale * (2 * scores.column(hyper.column).to(chosen.dtype) - 1)
    return -F.logsigmoid(chosen - rejected - margin)


OBJECTIVE = RewardObjective(
    name="bt_disagreement",
    paper=Paper(
        "Padmakumar et al.",
        2024,
        arxiv="2412.03822",
        title="Beyond the Binary: Capturing Diverse Preferences With Reward Regularization",
        note="The equation was not read.",
    ),
    hyper=Hyper,
    loss=loss,
    columns=columns,
    family="pairwise",
    equation="L = -log s(r_w - r_l - scale (2 a - 1)),  a = share of judgements for w",
    open_question="That the margin is linear in the agreement is ours; the paper's own function of the disagreement "
    "was not read.",
)
