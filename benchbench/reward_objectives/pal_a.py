"""PAL, model A: every user has an ideal point, a mixture of K prototypes; the nearer response is preferred.

Chen et al. 2024, arXiv:2406.08469. A network f maps a response's state to a point, a_u = sum_k softmax(w_u)_k p_k is
the point of user u, and the loss is the hinge max(0, 1 - (|f(l) - a_u| - |f(w) - a_u|)) on distances, not squared. Form
and defaults were checked against RamyaLab/pluralistic-alignment at fcfc03c, with these differences: prototypes are
points of the output space (there they pass through f by default), the state is the pooled one (there every token from
the first difference on is weighted), and all parameters share the recipe's learning rate. One user or one prototype is
one ideal point for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Paper
from benchbench.core.reward_objective import FreeTensor, HeadSpec, Network, RewardObjective, RewardScores, require
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of PAL, model A."""

    users: int = 1
    """Number of users; the column has whole numbers from 0 to `users` - 1."""
    prototypes: int = 2
    """Number of prototypes, K."""
    dimensions: int = 512
    """Length of a point."""
    column: str = "user"
    """Column with the user of each example."""
    train_backbone: bool = True
    """Train the backbone, too."""

    def __post_init__(self) -> None:
        for name in ("users", "prototypes", "dimensions"):
            require(getattr(self, name) >= 1, name, "1 or more", getattr(self, name))


def head(hyper: Hyper) -> HeadSpec:
    """The projector of two layers, the prototypes, and a free vector of weights per user."""
    tables = {
        "prototypes": FreeTensor((hyper.prototypes, hyper.dimensions), std=1.0),
        "user_weights": FreeTensor((hyper.users, hyper.prototypes)),
    }
    network = Network(hyper.dimensions, (hyper.dimensions,), "gelu")
    return HeadSpec(network, tables=tables, trains_backbone=hyper.train_backbone)


def scored_columns(hyper: Hyper) -> tuple[Column, ...]:
    """The column of the users."""
    return (Column(hyper.column, 0, hyper.users - 1),)


def score(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K] minus the distance of each response's point to the user's."""
    user = scores.column(hyper.column).round().long()  # [B]
    ideal = F.softmax(scores.table("user_weights")[user], dim=-1) @ scores.table("prototypes")  # [B, D]
    squared = (scores.outputs - ideal[:, None]).square().sum(dim=-1)
    return -(squared + 1e-12).sqrt()  # a distance of 0 has no gradient of its own


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] hinge of the difference of the distances at 1."""
    chosen, rejected = pair(score(scores, hyper))
    return F.relu(1 - (chosen - rejected))


OBJECTIVE = RewardObjective(
    name="pal_a",
    paper=Paper(
        "Chen et al.",
        2024,
        arxiv="2406.08469",
        title="PAL: Pluralistic Alignment Framework for Learning from Heterogeneous Preferences",
        note="Checked against RamyaLab/pluralistic-alignment at fcfc03c; the docstring lists what differs.",
    ),
    hyper=Hyper,
    loss=loss,
    score=score,
    head=head,
    scored_columns=scored_columns,
    is_shift_free=False,
    family="pairwise",
    equation="L = max(0, 1 - (|f_l - a_u| - |f_w - a_u|)),  a_u = softmax(w_u) P",
    differs={
        "RamyaLab/pluralistic-alignment at fcfc03c": "prototypes pass through f, all tokens are weighted by place, and "
        "each group of parameters has its own learning rate",
    },
)
