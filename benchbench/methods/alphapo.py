"""AlphaPO: SimPO whose reward is a power of the length-normalised likelihood instead of its logarithm.

Gupta et al. 2025, arXiv:2501.03884. With a the mean log-probability, the reward is beta (1 - exp(-alpha a)) / alpha,
which tends to SimPO's beta a as alpha tends to 0. Run against TRL 1.16.0 (CPOTrainer, loss type `alphapo`) in
tests/conformance. The exponent -alpha a is held at 80, which a response reaches at 320 nats per token with alpha 0.25,
so that no reward is infinite; there its gradient is zero. Negative alpha is not offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of AlphaPO."""

    beta: float = 2.5
    """Factor of the reward, > 0; 2.5 is the setting quoted for this paper, which was not read."""
    alpha: float = 0.25
    """Shape of the reward, per nat-per-token, >= 0; 0 is SimPO. 0.25 is quoted for this paper likewise."""
    margin: float = 0.04
    """Target gap between the rewards before beta, >= 0; gamma / beta, 0.1 / 2.5 as quoted for this paper."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "alpha", "margin")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * transformed mean log-probability; its slope grows as the response gets less likely."""
    mean = scores.policy.mean()
    if hyper.alpha == 0:
        return hyper.beta * mean
    return -hyper.beta / hyper.alpha * F.held_exponent(-hyper.alpha * mean).expm1()


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin beyond the target."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected - hyper.beta * hyper.margin)


METHOD = Method(
    name="alphapo",
    paper=Paper(
        "Gupta et al.",
        2025,
        arxiv="2501.03884",
        title="AlphaPO: Reward Shape Matters for LLM Alignment",
        note="Checked against TRL 1.16.0, CPOTrainer, loss type alphapo.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid(beta (f(a_w) - f(a_l)) - gamma),  a = log pi(y) / |y|\n"
        "f(a) = (1 - exp(-alpha a)) / alpha,  gamma = beta * margin"
    ),
    differs={
        "TRL 1.16.0 CPOTrainer, `alphapo`": "the same at margin = simpo_gamma / beta; its exponent is not held",
        "TRL 1.16.0 CPOTrainer, `simpo` with alpha": "adds the chosen response's likelihood, by default with weight 1",
    },
    collisions=("The alpha of alpha-DPO (arXiv:2410.10148) weighs a margin taken from the reference.",),
)
