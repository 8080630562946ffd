"""DPO: logistic loss on the difference of the two responses' log-ratios to the reference.

Rafailov et al. 2023, arXiv:2305.18290, eq. 7, on summed log-probabilities. Checked against TRL at f2cd577,
trl/trainer/dpo_trainer.py, loss type `sigmoid`, and run against TRL 1.16.0 (tests/conformance). Label smoothing is
another method here (`cdpo`); TRL dropped it from this loss in 0.29.
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
    """Hyper-parameters of DPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is the paper's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="dpo",
    paper=Paper(
        "Rafailov et al.",
        2023,
        arxiv="2305.18290",
        equation="7",
        title="Direct Preference Optimization: Your Language Model is Secretly a Reward Model",
        note="Checked against TRL 1.16.0, loss type sigmoid.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    logistic=True,
    family=Family.PAIRWISE,
    equation=("-log sigmoid(beta (h_w - h_l))\nh = log pi(y|x) - log ref(y|x), summed over y"),
    differs={
        "TRL 1.16.0, loss type sigmoid": "the same",
    },
)
