"""TGDPO: DPO whose tokens are weighted by the token rewards of a policy that was trained before, the guide.

Zhu et al. 2025, arXiv:2506.14574. With g_t = log guide(y_t) / ref(y_t) and d_t the same for the policy, a token's
log-ratio counts beta (1 + alpha beta g_t) in the chosen response and beta (1 - alpha beta g_t) in the rejected one:
what the guide prefers is raised more, what it disfavours is lowered more. The factor is not clipped, and may be
negative. Checked against the authors' code, dvlab-research/TGDPO, src/llamafactory/train/tgdpo/trainer.py. The guide is
a policy that DPO or SimPO trained on the same data: preference.anchors.guide of the recipe, such as {recipe: dpo}.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor

GUIDE = "guide"
"""Name of the anchor."""


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of TGDPO."""

    beta: float = 0.1
    """Reward per nat of log-ratio, > 0; 0.1 is the authors' configuration's."""
    alpha: float = 0.5
    """Weight of the guide's token rewards, >= 0: 0 is DPO; 0.5 is the authors' configuration's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "alpha")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference, without the guide."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the margin of guided rewards."""
    ratio = scores.policy.token - scores.reference.token  # [B, K, T], zero off the response
    guide = scores.anchor(GUIDE).token - scores.reference.token
    chosen, rejected = pair(hyper.beta * ratio.sum(dim=-1))
    of_chosen, of_rejected = pair(hyper.beta**2 * hyper.alpha * (guide * ratio).sum(dim=-1))
    return -F.logsigmoid(chosen + of_chosen - (rejected - of_rejected))


METHOD = Method(
    name="tgdpo",
    paper=Paper(
        "Zhu et al.",
        2025,
        arxiv="2506.14574",
        title="TGDPO: Harnessing Token-Level Reward Guidance for Enhancing Direct Preference Optimization",
        note="Checked against the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.ANCHORS.with_options(names=GUIDE)}),
    monotone_in_chosen=False,
    monotone_reason="A token that the guide disfavours by more than 1 / (alpha beta) nats has a negative factor.",
    family=Family.TOKEN_LEVEL,
    equation=(
        "L = -log sigmoid( beta [ r(y_w) - r(y_l) ] )\n"
        "r(y_w) = sum_t (1 + alpha beta g_t) d_t\n"
        "r(y_l) = sum_t (1 - alpha beta g_t) d_t\n"
        "d_t = log pi(y_t) / ref(y_t), g_t = log guide(y_t) / ref(y_t)"
    ),
    differs={"dvlab-research/TGDPO": "the same"},
)
