"""Accelerated preference optimisation: DPO against a reference that runs ahead of the last two policies.

He et al. 2024, arXiv:2410.06293. Each round's policy is extrapolated, as by Nesterov: p_t ~ q_t (q_t / q_(t-1))^alpha,
q_t the policy that round t starts from; p_t draws the round's responses and is the reference of its loss. The draws are
the sampler's (geometric_mixture with policy 1 + alpha and previous -alpha); the reference is here, as an unnormalised
mixture, whose normaliser cancels in the margin of two responses. With alpha 0 it is iterative DPO.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require, require_above_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of accelerated preference optimisation."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's, the paper's was not read."""
    alpha: float = 0.3
    """Extrapolation, >= 0 and below 1; 0.3 is ours, the paper's was not read."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require(0 <= self.alpha < 1, "alpha", "a number >= 0 and below 1", self.alpha)


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the extrapolated reference, which is not normalised."""
    ahead = (1 + hyper.alpha) * scores.previous.sum() - hyper.alpha * scores.reference.sum()
    return hyper.beta * (scores.policy.sum() - ahead)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] DPO's loss of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="apo_accel",
    paper=Paper(
        "He et al.",
        2024,
        arxiv="2410.06293",
        title="Accelerated Preference Optimization for Large Language Model Alignment",
        note="The step is from memory; a third party confirms that policies are extrapolated after each update.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE.with_options(anchor="before"), Need.PREVIOUS}),
    logistic=True,
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta h),  h = d_w - d_l\n"
        "d = log pi - (1 + alpha) log previous + alpha log before, summed over y\n"
        "previous, before: policies that this round and the one before start from"
    ),
    collisions=("APO is also anchored preference optimisation (apo_zero, apo_down).",),
    open_question="Whether logits or weights are extrapolated, and by which alpha, was not read.",
)
