"""Bradley-Terry with a margin: a pair that is more clearly ordered must be further apart.

Touvron et al. 2023, arXiv:2307.09288, eq. 2, -log sigmoid(r_w - r_l - m); the form is that of the `margin` column of
TRL 1.16.0, trl/trainer/reward_trainer.py. A margin of 0 is `bradley_terry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_at_least_zero
from benchbench.core.reward_objective import RewardObjective, RewardScores
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the margin."""

    column: str = "margin"
    """Column of the data that the margin is made of."""
    per: Literal["example", "candidate"] = "example"
    """The column has the margin of each pair, or a number for each response whose difference is the margin."""
    scale: float = 1.0
    """Reward that one unit of the column is worth, >= 0; 0 is plain Bradley-Terry."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "scale")


def columns(hyper: Hyper) -> tuple[Column, ...]:
    """The column of the margin."""
    return (Column(hyper.column, per=hyper.per),)


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the difference of the rewards less the margin."""
    chosen, rejected = pair(scores.reward)
    margin = scores.column(hyper.column).to(chosen.dtype)
    if hyper.per == "candidate":
        of_chosen, of_rejected = pair(margin)
        margin = of_chosen - of_rejected
    return -F.logsigmoid(chosen - rejected - hyper.scale * margin)


OBJECTIVE = RewardObjective(
    name="bt_margin",
    paper=Paper(
        "Touvron et al.",
        2023,
        arxiv="2307.09288",
        equation="2",
        title="Llama 2: Open Foundation and Fine-Tuned Chat Models",
        note="Checked against TRL 1.16.0, reward_trainer.py; the scale is ours.",
    ),
    hyper=Hyper,
    loss=loss,
    columns=columns,
    family="pairwise",
    equation="L = -log s(r_w - r_l - scale m)",
    differs={"TRL 1.16.0, reward_trainer.py": "the same at scale 1, column `margin`"},
)
