"""R-DPO: DPO with a penalty on length inside the reward.

Park et al. 2024, arXiv:2403.19159, on summed log-probabilities. The reward that is maximised is r - alpha |y|, so the
implicit reward is beta times the log-ratio plus alpha |y|: a longer chosen response lowers the loss, so that the policy
need not make it more likely. Sign and place of alpha were derived from the objective; the authors' code was not read.
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


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of R-DPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's and in the grid that the SimPO paper searched for R-DPO."""
    alpha: float = 0.05
    """Reward per response token, >= 0, not multiplied by beta; 0 is DPO. 0.05 is the smallest of the SimPO paper's
    grid."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "alpha")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference plus alpha * number of response tokens."""
    return hyper.beta * log_ratio(scores) + hyper.alpha * scores.policy.length()


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="rdpo_length",
    paper=Paper(
        "Park et al.",
        2024,
        arxiv="2403.19159",
        title="Disentangling Length from Quality in Direct Preference Optimization",
        note="Values checked against an independent calculation; sign of alpha derived from the penalised objective.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid(beta (r_w - r_l) + alpha (|y_w| - |y_l|))\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={"oxRL at 2a2bd5d, rdpo.py": "the sign of alpha is inverted, which rewards length"},
    collisions=(
        "Provably robust DPO (rDPO, arXiv:2403.00409) is method `rdpo_robust`; checkpoints of both are called RDPO.",
        "The RDPO of oxRL is labelled 'robust divergence' there; its code is length-regularised.",
    ),
    open_question="The sign of alpha was derived from the penalised objective; the paper and its code were not read.",
)
