"""H-DPO: DPO whose policy term is scaled, which sets the entropy of the optimal policy.

Omura et al. 2024, arXiv:2411.07595, on summed log-probabilities. Alpha below 1 makes the optimal policy sharper than
DPO's, above 1 flatter. The form is from memory and from a re-implementation (oxRL at 2a2bd5d, hdpo.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of H-DPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    alpha: float = 0.9
    """Factor of the policy's log-probabilities, > 0; 1 is DPO. 0.9 is ours, inside the range of 0.8 to 1.2 that we
    recall of the paper."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "alpha")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * (alpha * policy log-probability - reference log-probability), summed."""
    return hyper.beta * (hyper.alpha * scores.policy.sum() - scores.reference.sum())


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="h_dpo",
    paper=Paper(
        "Omura et al.",
        2024,
        arxiv="2411.07595",
        title="Entropy Controllable Direct Preference Optimization",
        note="Form as in oxRL at 2a2bd5d; values checked against an independent calculation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid(R_w - R_l)\nR(y) = beta (alpha log pi(y) - log ref(y)), summed over the response tokens"
    ),
    differs={"oxRL at 2a2bd5d, hdpo.py": "the same"},
    open_question="The paper was not read; the form is from memory and agrees with one re-implementation.",
)
