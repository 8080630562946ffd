"""GPO: the margin of DPO under other losses of the classification literature.

Tang et al. 2024, arXiv:2402.05749, on summed log-probabilities: any function f of z = beta times the log-ratio margin.
The logistic, hinge and squared members are methods `dpo`, `rso_hinge` and `ipo` up to scale; here are three others. The
forms are those of two other implementations (oxRL at 2a2bd5d, gpo.py; sunlin-ai/BPO at ac3398a, of another margin). The
exponent of `exponential` is held at 80, so that no loss is infinite; a pair that wrong has no gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_one_of
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of GPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    loss_type: Literal["exponential", "truncated_quadratic", "savage"] = "exponential"
    """f(z): exp(-z), max(0, 1 - z)^2, or sigmoid(-z)^2, which is bounded and not convex; the default is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_one_of(self, "loss_type", "exponential", "truncated_quadratic", "savage")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] f of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    margin = chosen - rejected
    if hyper.loss_type == "exponential":
        return F.held_exponent(-margin).exp()
    if hyper.loss_type == "savage":
        return F.sigmoid(-margin).square()
    return F.relu(1 - margin).square()


METHOD = Method(
    name="gpo_convex",
    paper=Paper(
        "Tang et al.",
        2024,
        arxiv="2402.05749",
        title="Generalized Preference Optimization: A Unified Approach to Offline Alignment",
        note="Form as in oxRL at 2a2bd5d; values checked against an independent calculation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    variants={
        "default": {},
        "truncated_quadratic": {"loss_type": "truncated_quadratic"},
        "savage": {"loss_type": "savage"},
    },
    family=Family.PAIRWISE,
    equation=(
        "loss = f(beta (r_w - r_l))\n"
        "f(z) = exp(-z) | max(0, 1 - z)^2 | sigmoid(-z)^2\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={"oxRL at 2a2bd5d, gpo.py": "the same"},
    collisions=("GPO is also general preference optimisation (arXiv:2410.02197) and group preference optimisation.",),
    open_question="The paper was not read; the three functions are those of two other implementations.",
)
