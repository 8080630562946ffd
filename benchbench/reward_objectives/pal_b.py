"""PAL, model B: ideal points that depend on the prompt, compared by their angle.

Chen et al. 2024, arXiv:2406.08469. Each of K projectors maps the prompt's state to a point, the user's point is their
mixture by softmax(w_u), and a response's score is the cosine of its own point and that point, times min(exp(s), 100)
with s learned from log(1 / 0.07); the loss is the cross-entropy of the pair. Form and defaults were checked against
RamyaLab/pluralistic-alignment at fcfc03c; as in `pal_a`, the pooled state stands for the weighted tokens and all
parameters share one learning rate.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.reward_objective import FreeTensor, HeadSpec, Network, RewardObjective, RewardScores
from benchbench.core.scores import pair
from benchbench.reward_objectives._pal import ACTIVATION, PAPER, Hyper, free_weights, scored_columns, user_weights

if TYPE_CHECKING:
    from torch import Tensor


def head(hyper: Hyper) -> HeadSpec:
    """Projectors of response and prompt, the users' weights, and the logarithm of the scale."""
    tables = {
        "user_weights": free_weights(hyper),
        "log_scale": FreeTensor((1,), mean=math.log(1 / 0.07)),
    }
    layers = (hyper.dimensions,)
    return HeadSpec(
        Network(hyper.dimensions, layers, ACTIVATION),
        Network(hyper.prototypes * hyper.dimensions, layers, ACTIVATION),
        tables=tables,
        trains_backbone=hyper.train_backbone,
    )


def score(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K] scaled cosine of each response's point and the user's."""
    points = scores.prompt.unflatten(-1, (hyper.prototypes, hyper.dimensions))  # [B, M, D]
    ideal = (user_weights(scores, hyper)[..., None] * points).sum(dim=1)[:, None]  # [B, 1, D]
    scale = scores.table("log_scale").clamp(max=math.log(100)).exp()
    return scale * F.cosine_similarity(scores.outputs, ideal, dim=-1)


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the difference of the scores, the cross-entropy of the pair."""
    chosen, rejected = pair(score(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


OBJECTIVE = RewardObjective(
    name="pal_b",
    paper=PAPER,
    hyper=Hyper,
    loss=loss,
    score=score,
    head=head,
    scored_columns=scored_columns,
    is_shift_free=False,
    family="pairwise",
    equation="L = -log s(c cos(f_w, a) - c cos(f_l, a)),  a = sum_k softmax(w_u)_k g_k(x)",
    differs={"RamyaLab/pluralistic-alignment at fcfc03c": "all tokens are weighted by place"},
)
