"""What both models of PAL have: users of a column, each with free weights of the prototypes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.reward_objective import FreeTensor, RewardScores

if TYPE_CHECKING:
    from torch import Tensor

ACTIVATION = "gelu"
"""Of the projectors of two layers."""
PAPER = Paper(
    "Chen et al.",
    2024,
    arxiv="2406.08469",
    title="PAL: Pluralistic Alignment Framework for Learning from Heterogeneous Preferences",
    note="Checked against RamyaLab/pluralistic-alignment at fcfc03c; the docstring lists what differs.",
)


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of PAL."""

    users: int = 1
    """Number of users; the column has whole numbers from 0 to `users` - 1."""
    prototypes: int = 2
    """Number of prototypes, K; in model B each is a projector of the prompt."""
    dimensions: int = 512
    """Length of a point."""
    column: str = "user"
    """Column with the user of each example."""
    train_backbone: bool = True
    """Train the backbone, too."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "users", "prototypes", "dimensions")


def scored_columns(hyper: Hyper) -> tuple[Column, ...]:
    """The column of the users."""
    return (Column(hyper.column, 0, hyper.users - 1),)


def free_weights(hyper: Hyper) -> FreeTensor:
    """The table `user_weights`, which starts with equal weights."""
    return FreeTensor((hyper.users, hyper.prototypes))


def user_weights(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, M] weights of the prototypes of each example's user, which sum to 1."""
    user = scores.column(hyper.column).round().long()  # [B]
    return F.softmax(scores.table("user_weights")[user], dim=-1)
