"""BPO, balanced: the smaller of the chosen response's rise and the rejected one's fall is what counts.

Sun et al. 2025, arXiv:2506.03557, on summed log-probabilities. Only one of the two responses has a gradient at a time,
so the margin cannot grow by the fall of the rejected response alone. The form is known to us as public reviews of the
paper quote it; no code was found.
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
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's. The paper's is not known to us."""
    gap_adaptor: float = 0.3
    """Factor of the rejected response's fall, in (0, 1], alpha in the paper; 0.3 is the default of oxRL."""

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
        note="Form as quoted by public reviews of the paper; values checked against an independent calculation.",
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
    differs={"oxRL at 2a2bd5d, bpo.py": "where its default of alpha, 0.3, is from"},
    collisions=("BPO is also black-box prompt optimisation.",),
    open_question="The form is quoted by reviews of the paper; the paper's own equation and code were not read.",
)
