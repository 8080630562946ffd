"""EXO for pairs: reverse KL divergence from the policy's own preference to that of the smoothed label.

Ji et al. 2024, arXiv:2402.00856, eq. 16 (EXO-pref with K = 2), on summed log-probabilities. DPO is the forward
direction of the same two distributions. Run against TRL 1.16.0, loss type `exo_pair` (tests/conformance). Variant
`released` has the target of the authors' code, log p = (0, -10), which is not normalised: the loss is lower than the
normalised one by at most 5e-5, and other than TRL's by its smoothing.
"""

from __future__ import annotations

import math
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
    """Hyper-parameters of EXO for pairs."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is the authors' on IMDb and TRL's, 0.5 the authors' on HH and
    TL;DR."""
    label_smoothing: float = 1e-3
    """Target probability of the rejected response, in (0, 0.5); 0.001 is what TRL recommends."""
    normalise_target: bool = True
    """Whether the chosen response has the rest of the probability; where not it has 1, as in the authors' code."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "label_smoothing", "(0, 0.5)")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] KL divergence from the policy's distribution over the two responses to the target."""
    chosen, rejected = pair(reward(scores, hyper))
    margin = chosen - rejected
    rate = hyper.label_smoothing
    log_chosen, log_rejected = F.logsigmoid(margin), F.logsigmoid(-margin)
    target_chosen = math.log1p(-rate) if hyper.normalise_target else 0.0
    return log_chosen.exp() * (log_chosen - target_chosen) + log_rejected.exp() * (log_rejected - math.log(rate))


METHOD = Method(
    name="exo",
    paper=Paper(
        "Ji et al.",
        2024,
        arxiv="2402.00856",
        equation="16",
        title="Towards Efficient Exact Optimization of Language Model Alignment",
        note="Checked against TRL 1.16.0, loss type exo_pair; variant released has the target of the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    monotone_in_chosen=False,
    monotone_reason="The smoothed label has a finite optimum; beyond it a larger margin costs.",
    variants={"default": {}, "released": {"label_smoothing": math.exp(-10), "normalise_target": False}},
    family=Family.PAIRWISE,
    equation=(
        "loss = q log(q / (1 - e)) + (1 - q) log((1 - q) / e)\n"
        "q = sigmoid(beta (r_w - r_l)),  e = label_smoothing\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={
        "TRL 1.16.0 `exo_pair`": "the same; refuses label_smoothing 0, and up to 0.28 replaced it by 0.001 silently",
        "the authors' code": "log of the target is (0, -10), not normalised (variant `released`)",
    },
    collisions=("EXO is labelled 'exponentiated gradient' in oxRL; it is efficient exact optimisation.",),
)
