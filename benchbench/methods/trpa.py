"""TRPA: the pair loss of trust region preference approximation, on preferences that rules made.

Su et al. 2025, arXiv:2504.04524; code XueruiSu/Trust-Region-Preference-Approximation at f372585, core_algos.py. Rules
give each response a level (1 right, 2 wrong, 3 unparsable, 4 of bad format); a pair is of two levels, the lower one
chosen, and the margin of log-ratios per token is multiplied by kappa where the chosen one is right. Left aside: the
online loop with all pairs of a group, the trust-region KL to the sampling policy, and what the code does with a group
of one level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of TRPA."""

    beta: float = 0.1
    """Reward per nat of log-ratio per token, > 0; 0.1 is the authors' script's."""
    kappa: float = 2.5
    """Factor of the margin where the chosen response has level 1, > 0; 2.5 is the authors' script's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "kappa")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * log-ratio to the reference per response token."""
    return hyper.beta * (scores.policy.mean() - scores.reference.mean())


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin, times kappa where the chosen response has level 1."""
    chosen, rejected = pair(reward(scores, hyper))
    right = pair(scores.column("level"))[0] == 1
    margin = chosen - rejected
    return -F.logsigmoid((hyper.kappa * margin).where(right, margin))


METHOD = Method(
    name="trpa",
    paper=Paper(
        "Su et al.",
        2025,
        arxiv="2504.04524",
        title=(
            "Trust Region Preference Approximation: A simple and stable reinforcement learning algorithm for "
            "LLM reasoning"
        ),
        note="The pair loss alone, checked against the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("level", low=1.0, high=4.0, per="candidate"),),
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta k (l_w - l_l)), k = kappa if level_w = 1, else 1\nl = (log pi(y|x) - log ref(y|x)) / |y|"
    ),
    differs={
        "XueruiSu/Trust-Region-Preference-Approximation f372585": (
            "the same pair loss, averaged over all pairs of a group, plus the trust-region term"
        )
    },
)
