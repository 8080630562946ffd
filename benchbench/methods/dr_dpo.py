"""Dr. DPO: DPO's losses of a step under a soft maximum of the likelihoods instead of their mean.

Wu et al. 2024, arXiv:2407.07880: pairs that the policy ranks wrongly by far, such as pairs with a flipped label, weigh
less. The loss of a step is -beta' log mean exp(log sigmoid(beta h) / beta'), over all its pairs; it is no mean, so each
pair is given the step's value. Checked against the authors' code, junkangwu/Dr_DPO at b980ad0, trainers.py, which takes
the mean within each microbatch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of Dr. DPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    beta_prime: float = 1.0
    """Temperature over the pairs of a step in nats of loss, > 0: large is DPO; 1 is the authors' code's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "beta_prime")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] the step's loss, the same for every pair, so that their mean is it."""
    chosen, rejected = pair(reward(scores, hyper))
    likelihoods = F.logsigmoid(chosen - rejected) / hyper.beta_prime
    return -hyper.beta_prime * (likelihoods.logsumexp(dim=0) - math.log(len(likelihoods))).expand(len(likelihoods))


METHOD = Method(
    name="dr_dpo",
    paper=Paper(
        "Wu et al.",
        2024,
        arxiv="2407.07880",
        title=(
            "Towards Robust Alignment of Language Models: Distributionally Robustifying Direct Preference Optimization"
        ),
        note="Checked against the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    coupled=True,
    least_examples=2,
    family=Family.PAIRWISE,
    equation=(
        "L = -beta' log mean_i exp( log sigmoid(beta h_i) / beta' ), i: pairs of a step\n"
        "h = rho_w - rho_l, rho = log pi(y|x) - log ref(y|x), summed"
    ),
    differs={"junkangwu/Dr_DPO b980ad0": "the mean is over a microbatch, so that its size is part of the result"},
    collisions=("`rdpo_robust` is the robust DPO of Chowdhury et al., arXiv:2403.00409.",),
)
