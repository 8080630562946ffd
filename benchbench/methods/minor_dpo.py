"""MinorDPO: DPO that stops pushing the rejected response down once it is below the reference.

Xie et al. 2024, arXiv:2408.09834, on summed log-probabilities. The form is known to us from summaries of the paper in
words, and from a re-implementation that agrees with them (oxRL at 2a2bd5d, minor_dpo.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of MinorDPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's. MinorDPO's own is not known to us."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the chosen reward less the positive part of the rejected one."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - F.relu(rejected))


METHOD = Method(
    name="minor_dpo",
    paper=Paper(
        "Xie et al.",
        2024,
        arxiv="2408.09834",
        title="Minor DPO reject penalty to increase training robustness",
        note="Values checked against an independent calculation of the form as summarised.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid(beta (r_w - max(0, r_l)))\nr(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={"oxRL at 2a2bd5d, minor_dpo.py": "the same"},
    open_question="The paper's equation was not read; summaries in words and a re-implementation agree on this form.",
)
