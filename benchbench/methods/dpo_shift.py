"""DPO-Shift: DPO that counts the rejected response's log-ratio for less.

Yang et al. 2025, arXiv:2502.07599; code Meaquadddd/DPO-Shift at 52eebac, scripts/dposhift_trainer.py. Summed
log-probabilities. The factor f of the rejected log-ratio is fixed here; the code can also change it linearly with the
step, which needs the length of the run and is not offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of DPO-Shift."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is the authors'."""
    shift: float = 0.75
    """Factor f(lambda) of the rejected log-ratio, in (0, 1]; 1 is DPO. 0.75 is ours, in the middle of the authors'
    range of 0.5 to 1."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "shift", "(0, 1]")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the chosen reward less `shift` times the rejected one."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - hyper.shift * rejected)


METHOD = Method(
    name="dpo_shift",
    paper=Paper(
        "Yang et al.",
        2025,
        arxiv="2502.07599",
        title="DPO-Shift: Shifting the Distribution of Direct Preference Optimization",
        note="Form of Meaquadddd/DPO-Shift at 52eebac with a fixed factor; checked against an independent calculation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid(beta (r_w - f r_l)),  f in (0, 1]\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={"Meaquadddd/DPO-Shift at 52eebac": "the same for a fixed f; linear schedules of f are not offered here"},
)
