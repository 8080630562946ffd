"""SPO, sequential: a round aligns one dimension of preferences and keeps what earlier rounds learnt.

Lou et al. 2024, arXiv:2405.12739. The paper constrains each round by the implicit rewards of those before; this loss is
derived from that constraint and was not read: DPO against the policy that the round starts from, less a weight times
what earlier rounds already prefer, which with one weight for all is the log-ratio of that policy to the reference. A
pair on which earlier dimensions agree must gain more, a conflicting one less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, pair, previous_log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of sequential SPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    earlier_weight: float = 0.5
    """Weight of the earlier rounds' implicit reward, >= 0; 0 is DPO against the last policy, 0.5 is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "earlier_weight")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * (log-ratio to the last policy less the weighted log-ratio of that to the reference), summed."""
    earlier = scores.previous.sum() - scores.reference.sum()
    return hyper.beta * (previous_log_ratio(scores) - hyper.earlier_weight * earlier)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="spo_sequential",
    paper=Paper(
        "Lou et al.",
        2024,
        arxiv="2405.12739",
        title="SPO: Multi-Dimensional Preference Sequential Alignment With Implicit Reward Modeling",
        note="Derived from the paper's constraint as a third party states it; not read in the paper.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.PREVIOUS.with_options(reference="start")}),
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta (D - w E)), D = g_w - g_l, E = e_w - e_l\n"
        "g = log pi - log previous, e = log previous - log ref, summed over y"
    ),
    collisions=("SPO is also self-play (arXiv:2401.04056), self-supervised preference degree, and other methods.",),
    open_question=(
        "The loss is derived, not read; the multipliers, and whether all earlier rounds enter, are not known."
    ),
)
