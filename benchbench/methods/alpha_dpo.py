"""AlphaDPO: SimPO whose target margin follows how far a pair's margin is beyond the reference's.

Wu et al. 2024, arXiv:2410.10148; code junkangwu/alpha-DPO at fab3209, scripts/dpo_trainer.py, loss type alpha-dpo. With
g the margin of mean log-probabilities beyond the reference's margin, and mu, s its running mean and standard deviation,
the target margin is gamma + alpha (g - mu) / s, without gradient. The running numbers start at 0 and take a tenth of
each step in before its loss reads them, as in the code. Where s is no more than rounding, as at the first step, whose
policy is the reference, the second part is 0; the code divides by it all the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Carried, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor

DECAY = 0.9
"""What a step leaves of the running numbers; the authors' code's."""
ROUNDING = 1e-6
"""Standard deviation in nats per token below which gaps say nothing; ours."""


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of AlphaDPO."""

    beta: float = 2.5
    """Reward per nat of mean log-probability, > 0; 2.5 or 10 in the authors' configurations."""
    margin: float = 0.6
    """Target margin of mean log-probabilities in nats per token, >= 0; the authors' gamma_beta_ratio, 0.4 to 0.6."""
    alpha: float = 0.1
    """Nats per token of margin for each standard deviation, >= 0: 0 is SimPO; the authors' is 0.05 to 0.2."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "margin", "alpha")


def gap(scores: Scores) -> Tensor:
    """[B] margin of mean log-probabilities beyond the reference's, nats per token, without gradient."""
    chosen, rejected = pair(scores.policy.mean() - scores.reference.mean())
    return (chosen - rejected).detach()


def advance(scores: Scores, hyper: Hyper) -> Mapping[str, Tensor]:
    """The running mean and standard deviation of the gap with the step's."""
    gaps = gap(scores)
    return {
        "gap_mean": DECAY * scores.carried("gap_mean") + (1 - DECAY) * gaps.mean(),
        "gap_std": DECAY * scores.carried("gap_std") + (1 - DECAY) * gaps.std(),
    }


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * mean log-probability."""
    return hyper.beta * scores.policy.mean()


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin beyond the pair's target."""
    chosen, rejected = pair(reward(scores, hyper))
    mean, deviation = scores.carried("gap_mean"), scores.carried("gap_std")
    beyond = (gap(scores) - mean) / deviation.where(deviation > ROUNDING, math.inf)
    return -F.logsigmoid(chosen - rejected - hyper.beta * (hyper.margin + hyper.alpha * beyond))


METHOD = Method(
    name="alpha_dpo",
    paper=Paper(
        "Wu et al.",
        2024,
        arxiv="2410.10148",
        title="AlphaDPO: Adaptive Reward Margin for Direct Preference Optimization",
        note="Checked against the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    carried=Carried(start=lambda hyper: {"gap_mean": 0.0, "gap_std": 0.0}, advance=advance),
    least_examples=2,
    monotone_in_chosen=False,
    monotone_reason="The target margin grows with the pair's own, and faster where s < alpha; it has no gradient.",
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid( beta [ p_w - p_l - gamma - alpha sg (g - mu) / s ] )\n"
        "p = log pi(y|x) per token, g = p_w - p_l beyond the same of the reference\n"
        "mu, s: running mean and deviation of g"
    ),
    differs={
        "junkangwu/alpha-DPO fab3209": (
            "the same, but for a division by rounding where s is about 0; a step is a microbatch on all devices"
        )
    },
)
