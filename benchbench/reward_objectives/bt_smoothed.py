"""Bradley-Terry with label smoothing: every label may be wrong with one probability.

The conservative form, as cDPO is for policies (`label_smoothing` of TRL's DPO loss): minimum at
r_w - r_l = log((1 - e) / e). Wang et al. 2024, arXiv:2401.06080, smooths the labels of pairs of unclear order. e = 0 is
`bradley_terry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Paper
from benchbench.core.ranges import require_within
from benchbench.core.reward_objective import RewardObjective, RewardScores
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of label smoothing."""

    label_smoothing: float = 0.1
    """Probability that a label is wrong, in [0, 0.5); 0.1 is ours."""

    def __post_init__(self) -> None:
        require_within(self, "label_smoothing", "[0, 0.5)")


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] cross-entropy of sigmoid of the difference of the rewards to 1 - label_smoothing."""
    chosen, rejected = pair(scores.reward)
    margin = chosen - rejected
    wrong = hyper.label_smoothing
    return -(1 - wrong) * F.logsigmoid(margin) - wrong * F.logsigmoid(-margin)


OBJECTIVE = RewardObjective(
    name="bt_smoothed",
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2401.06080",
        title="Secrets of RLHF in Large Language Models Part II: Reward Modeling",
        note="Smoothing of all pairs; the paper smooths those of unclear order.",
    ),
    hyper=Hyper,
    loss=loss,
    family="pairwise",
    equation="L = -(1 - e) log s(r_w - r_l) - e log s(r_l - r_w)",
)
