"""PAL, model A: every user has an ideal point, a mixture of K prototypes; the nearer response is preferred.

Chen et al. 2024, arXiv:2406.08469. A network f maps a response's state to a point, a_u = sum_k softmax(w_u)_k p_k is
the point of user u, and the loss is the hinge max(0, 1 - (|f(l) - a_u| - |f(w) - a_u|)) on distances, not squared. Form
and defaults were checked against RamyaLab/pluralistic-alignment at fcfc03c, with these differences: prototypes are
points of the output space (there they pass through f by default), the state is the pooled one (there every token from
the first difference on is weighted), and all parameters share the recipe's learning rate. One user or one prototype is
one ideal point for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.reward_objective import FreeTensor, HeadSpec, Network, RewardObjective, RewardScores
from benchbench.core.scores import pair
from benchbench.reward_objectives._pal import ACTIVATION, PAPER, Hyper, free_weights, scored_columns, user_weights

if TYPE_CHECKING:
    from torch import Tensor


def head(hyper: Hyper) -> HeadSpec:
    """The projector of two layers, the prototypes, and a free vector of weights per user."""
    tables = {
        "prototypes": FreeTensor((hyper.prototypes, hyper.dimensions), std=1.0),
        "user_weights": free_weights(hyper),
    }
    network = Network(hyper.dimensions, (hyper.dimensions,), ACTIVATION)
    return HeadSpec(network, tables=tables, trains_backbone=hyper.train_backbone)


def score(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K] minus the distance of each response's point to the user's."""
    ideal = user_weights(scores, hyper) @ scores.table("prototypes")  # [B, D]
    squared = (scores.outputs - ideal[:, None]).square().sum(dim=-1)
    return -(squared + 1e-12).sqrt()  # a distance of 0 has no gradient of its own


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] hinge of the difference of the distances at 1."""
    chosen, rejected = pair(score(scores, hyper))
    return F.relu(1 - (chosen - rejected))


OBJECTIVE = RewardObjective(
    name="pal_a",
    paper=PAPER,
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
