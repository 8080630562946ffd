"""cDPO with soft labels: cross-entropy of the DPO margin with each pair's own label probability.

A baseline of Furuta et al. 2024, arXiv:2409.06691 (there "cDPO"), on summed log-probabilities: the fixed label
smoothing of `cdpo` becomes 1 - p of the pair. Unlike that of `gdpo`, its optimum is finite, beta h = log(p / (1 - p)).
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
    """Hyper-parameters of cDPO with soft labels."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] cross-entropy of the reward margin with p_chosen; at p = 1 DPO."""
    chosen, rejected = pair(reward(scores, hyper))
    margin = chosen - rejected
    p = scores.column("p_chosen").to(margin)
    return -p * F.logsigmoid(margin) - (1 - p) * F.logsigmoid(-margin)


METHOD = Method(
    name="cdpo_soft",
    paper=Paper(
        "Furuta et al.",
        2024,
        arxiv="2409.06691",
        title="Geometric-Averaged Preference Optimization for Soft Preference Labels",
        note="No public code; values checked against an independent calculation only.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("p_chosen", low=0.0, high=1.0),),
    monotone_in_chosen=False,
    monotone_reason=(
        "Where p_chosen is below 1 the optimum is finite, log(p / (1 - p)); beyond it a larger margin costs."
    ),
    logistic=True,
    family=Family.PAIRWISE,
    collisions=("cDPO is also DPO with one label smoothing for all pairs (the method cdpo).",),
    equation=(
        "L = -p log sigmoid(beta h) - (1 - p) log sigmoid(-beta h)\n"
        "h = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed; p = column p_chosen"
    ),
    differs={"TRL up to 0.28, OpenRLHF, HALOs": "one label smoothing for all pairs (the method cdpo here)"},
)
