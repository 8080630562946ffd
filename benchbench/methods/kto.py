"""KTO: each response on its own, by its label, against a baseline that the step's mismatched responses give.

Ethayarajh et al. 2024, arXiv:2402.01306. With rho the summed log-ratio to the reference and z0 the mean log-ratio of
responses after prompts of other examples of the step, at least 0 and without gradient:

    desirable:   weight_d (1 - sigmoid(beta (rho - z0)))
    undesirable: weight_u (1 - sigmoid(beta (z0 - rho)))

Checked against TRL 1.16.0, trl/trainer/kto_trainer.py, which takes the partner within each microbatch; here it is the
next example of the optimizer step, and the mean is over the step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, single

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of KTO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is the paper's and TRL's default."""
    desirable_weight: float = 1.0
    """Weight of desirable responses, > 0; 1 in the paper where both kinds are as many."""
    undesirable_weight: float = 1.0
    """Weight of undesirable responses, > 0; the paper wants weight times count of the desirable ones to be 1 to 1.5
    times that of these."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "desirable_weight", "undesirable_weight")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 1] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] weighted distance of the response's value from the best one.

    Raises:
        ValueError: K is not 1; each response has a label of its own.
    """
    rewards = single(reward(scores, hyper))
    baseline = scores.mismatched.mean().detach().clamp(min=0)
    beyond = rewards - hyper.beta * baseline
    label = scores.column(Column.LABEL.name).to(beyond)
    desirable = hyper.desirable_weight * F.sigmoid(-beyond)
    undesirable = hyper.undesirable_weight * F.sigmoid(beyond)
    return label * desirable + (1 - label) * undesirable


METHOD = Method(
    name="kto",
    paper=Paper(
        "Ethayarajh et al.",
        2024,
        arxiv="2402.01306",
        equation="7",
        title="KTO: Model Alignment as Prospect Theoretic Optimization",
        note="Checked against TRL 1.16.0, trl/trainer/kto_trainer.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.MISMATCHED}),
    columns=(Column.LABEL,),
    candidates=Candidates.LABELLED,
    coupled=True,
    least_examples=2,
    monotone_in_chosen=False,
    monotone_reason="An undesirable response costs more the more likely it is.",
    family=Family.POINTWISE,
    equation=(
        "rho = lp(y) - lr(y),  z0 = max(0, mean over the step of rho(x_i, y_j))\n"
        "desirable:   weight_d (1 - sigmoid( beta (rho - z0) ))\n"
        "undesirable: weight_u (1 - sigmoid( beta (z0 - rho) ))"
    ),
    differs={
        "TRL 1.16.0": "partner and mean within each microbatch, so that its size is part of the result",
        "HALOs": "the mean is over responses that are not empty",
    },
)
