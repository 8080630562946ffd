"""DNO-Prct: DPO against the policy that the round starts from, on pairs that a strict rule chose.

Rosset et al. 2024, arXiv:2404.03715. The loss is DPO's with the current iterate as the anchor. Left aside: the pair
rules (a judge's score of at least 5 of 6 for the chosen response, two points fewer for the rejected one, a teacher's
answer among the candidates) and the shares of older pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, pair, previous_log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of DNO-Prct."""

    eta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is the paper's beta of one of its two settings, 0.05 the other's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "eta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] eta * summed log-ratio to the policy that the round starts from."""
    return hyper.eta * previous_log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="dno_prct",
    paper=Paper(
        "Rosset et al.",
        2024,
        arxiv="2404.03715",
        title="Direct Nash Optimization: Teaching Language Models to Self-Improve with General Preferences",
        note="The loss is the paper's; values checked against an independent calculation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.PREVIOUS}),
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(eta (g_w - g_l))\n"
        "g = log pi(y|x) - log previous(y|x), summed over y\n"
        "previous: the policy that the round starts from"
    ),
    differs={"`dpo` here": "the same loss, against the recipe's reference"},
)
