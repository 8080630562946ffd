"""DPO with a weight per pair that the data or a selector gives in the column `weight`; a weight of 1 is DPO.

OPTune (Chen et al. 2024, arXiv:2406.07657) weighs a pair by the difference of its rewards, other systems by how sure
an estimator is of it: which number a weight is, `rounds.selector.columns` says. The papers' own forms of the weight
could not be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of weighted DPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] weight * -log sigmoid of the reward margin.

    Raises:
        ValueError: column 'weight' is not [B].
    """
    chosen, rejected = pair(reward(scores, hyper))
    weight = scores.column("weight").to(chosen)
    if weight.shape != chosen.shape:
        raise ValueError(
            f"column 'weight': expected one value per example, shape {tuple(chosen.shape)}, got {tuple(weight.shape)}"
        )
    return -weight * F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="weighted_dpo",
    paper=Paper(
        "Chen et al.",
        2024,
        arxiv="2406.07657",
        title="OPTune: Efficient Online Preference Tuning",
        note="From a summary of the loss; checked by hand and against `dpo`.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("weight", low=0.0),),
    family=Family.PAIRWISE,
    open_question="Whether the weight is the difference of rewards, a function of it, or of mean 1 was not read.",
    equation="loss = -w log sigmoid(beta (h_w - h_l))\nh = log pi(y|x) - log ref(y|x), summed; w = column weight",
    differs={"`dpo` here": "the same where every weight is 1"},
    collisions=("`wpo` weighs pairs too, by how likely the policy would draw them.",),
)
