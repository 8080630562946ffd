"""Flex-DPO: DPO with one coefficient for the chosen and a smaller one for the rejected response.

Yan et al. 2024, arXiv:2406.07327. The rejected response's likelihood falls faster than the chosen one's rises; a
smaller beta of the rejected side slows it. A secondary source names the two coefficients; the exact form is from
memory.
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
    """Hyper-parameters of Flex-DPO."""

    beta_plus: float = 0.1
    """Reward per nat of the chosen response's log-ratio, > 0; 0.1 is DPO's, the paper's is not known to us."""
    beta_minus: float = 0.05
    """Reward per nat of the rejected response's log-ratio, >= 0, equal to beta_plus in DPO; half of that is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta_plus")
        require_at_least_zero(self, "beta_minus")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] summed log-ratio to the reference, times beta_plus of the first candidate and beta_minus of the others."""
    ratio = log_ratio(scores)
    scale = ratio.new_full((ratio.shape[-1],), hyper.beta_minus)
    scale[0] = hyper.beta_plus
    return scale * ratio


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="flex_dpo",
    paper=Paper(
        "Yan et al.",
        2024,
        arxiv="2406.07327",
        title="3D-Properties: Identifying Challenges in DPO and Charting a Path Forward",
        note="Coefficients named by a secondary source; the exact form is from memory.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation="L = -log sigmoid(beta_plus l_w - beta_minus l_l)\nl = log pi(y|x) - log ref(y|x), summed",
    collisions=("DPO-Shift (arXiv:2502.07599, the method dpo_shift) also scales the rejected side, with a schedule.",),
    open_question="A secondary source names the two coefficients; the exact form and their values are from memory.",
)
