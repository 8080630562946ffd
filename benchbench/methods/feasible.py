"""Feasible learning with DPO's loss: each pair has a bound on its loss, and a multiplier that enforces it.

Ramirez et al. 2025, arXiv:2501.14912: instead of the mean loss, the policy has to keep the loss of every single pair at
or below a bound. The Lagrangian's saddle point is sought: the policy descends on sum_i lambda_i (L_i - bound), then
each multiplier of the step ascends by the same losses, lambda_i <- max(0, lambda_i + rate (L_i - bound)). A multiplier
belongs to its example, starts at 1 and lives through all epochs. Compared with the authors' code,
juan43ramirez/feasible-learning at 864a585, which relaxes the bounds: lambda_i / alpha is taken off L_i - bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Carried, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor

MULTIPLIER = "multiplier"
"""Name of the carried number of each example."""


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of feasible learning."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    bound: float = 0.5
    """Loss in nats that each pair may have, >= 0; 0.5 is one of the authors' values, below log 2,
    the loss of equal policies."""
    rate: float = 0.1
    """Rise of a multiplier for each nat of loss beyond the bound, >= 0: 0 is weighted DPO; 0.1 is one of
    the authors' values, 1 their default."""
    first_multiplier: float = 1.0
    """Of every example before its first step, >= 0; 1 as in the authors' code: the first epoch is DPO."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "bound", "rate", "first_multiplier")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def beyond(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] DPO's loss beyond the bound, nats."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected) - hyper.bound


def start(hyper: Hyper) -> Mapping[str, float]:
    """The multiplier of an example that was not seen yet."""
    return {MULTIPLIER: hyper.first_multiplier}


def advance(scores: Scores, hyper: Hyper) -> Mapping[str, Tensor]:
    """[B] the multipliers of the step's examples after it."""
    return {MULTIPLIER: (scores.carried(MULTIPLIER) + hyper.rate * beyond(scores, hyper)).clamp(min=0)}


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] multiplier * (DPO's loss - bound); may be negative."""
    return scores.carried(MULTIPLIER) * beyond(scores, hyper)


METHOD = Method(
    name="feasible",
    paper=Paper(
        "Ramirez et al.",
        2025,
        arxiv="2501.14912",
        title="Feasible Learning",
        note="Updates compared with the authors' code, dpo_trainer_feas.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    carried=Carried(start=start, advance=advance, per_example=frozenset({MULTIPLIER}), when="after_step"),
    family=Family.PAIRWISE,
    equation=(
        "L_i = lambda_i (D_i - bound), D_i = -log sigmoid( beta [ rho_w - rho_l ] )\n"
        "rho = log pi(y|x) - log ref(y|x), summed\n"
        "after the step: lambda_i <- max(0, lambda_i + rate (D_i - bound))"
    ),
    differs={
        "juan43ramirez/feasible-learning 864a585": "lambda_i <- max(0, lambda_i + rate (D_i - bound - lambda_i / "
        "alpha)), alpha 2: the relaxed problem, which is this one where alpha is infinite",
    },
)
