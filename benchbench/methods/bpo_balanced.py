"""BPO, balanced: the smaller of the chosen response's rise and the rejected one's fall is what counts.

Sun et al. 2025, arXiv:2506.03557, on summed log-probabilities. Only one of the two responses has a gradient at a time,
so the margin cannot grow by the fall of the rejected response alone. The form was compared with the authors' code,
sunlin-ai/BPO at ac3398a, loss type balance_logistic_alpha.
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
    """Hyper-parameters of balanced preference optimisation."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is that of the authors' configuration, and DPO's."""
    gap_adaptor: float = 0.3
    """Factor of the rejected response's fall, in (0, 1], alpha in the paper; 0.3 is that of the authors' code."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "gap_adaptor", "(0, 1]")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the smaller of the chosen reward and gap_adaptor times the negated rejected one."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen.minimum(-hyper.gap_adaptor * rejected))


METHOD = Method(
    name="bpo_balanced",
    paper=Paper(
        "Sun et al.",
        2025,
        arxiv="2506.03557",
        title="BPO: Revisiting Preference Modeling in Direct Preference Optimization",
        note="Compared with the authors' code, train_dpo.py; values checked against an independent calculation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid(beta min(r_w, -alpha r_l)),  alpha in (0, 1]\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={
        "sunlin-ai/BPO ac3398a, train_config.yaml": "trains the hinge max(0, 1 - z) of the same margin z",
        "oxRL at 2a2bd5d, bpo.py": "the same",
    },
    collisions=("BPO is also black-box prompt optimisation.",),
)
