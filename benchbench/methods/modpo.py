"""MODPO: DPO on one objective's preferences, with a margin that the rewards of the other objectives set.

Zhou et al. 2023, arXiv:2310.03708; code ZHZisZZ/modpo, src/trainer/modpo_trainer.py. The reward of a pair's candidates
(a reward-model stage or a column) is the margin reward m of the other objective; of several, give their weighted mean,
sum_j w_j m_j / (1 - w). The authors' margin reward is the implicit reward of a model trained by DPO on the other
objective first. A sweep over `weight` gives the front.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_one_of, require_within
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of MODPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    weight: float = 0.5
    """Weight w of the objective that the preferences are of, in (0, 1]: 1 is DPO; 0.5 is the authors' script's."""
    loss_type: Literal["sigmoid", "hinge"] = "sigmoid"
    """Logistic loss, or max(0, 1 - margin) as the authors' code offers too."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "weight", "(0, 1]")
        require_one_of(self, "loss_type", "sigmoid", "hinge")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] (beta * summed log-ratio - (1 - w) * margin reward) / w."""
    ratio = log_ratio(scores)
    return (hyper.beta * ratio - (1 - hyper.weight) * scores.reward.to(ratio)) / hyper.weight


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] logistic or hinge loss of the margin that is left to this objective."""
    chosen, rejected = pair(reward(scores, hyper))
    if hyper.loss_type == "hinge":
        return F.relu(1 - (chosen - rejected))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="modpo",
    paper=Paper(
        "Zhou et al.",
        2023,
        arxiv="2310.03708",
        title="Beyond One-Preference-Fits-All Alignment: Multi-Objective Direct Preference Optimization",
        note="Checked against the authors' code, ZHZisZZ/modpo.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.REWARD}),
    variants={"default": {}, "hinge": {"loss_type": "hinge"}},
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid((1/w) [beta (l_w - l_l) - (1 - w) (m_w - m_l)])\n"
        "l = log pi(y|x) - log ref(y|x), summed; m = reward"
    ),
    differs={"ZHZisZZ/modpo": "the same, with a vector of margin rewards where here is their weighted mean"},
)
