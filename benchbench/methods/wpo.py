"""WPO: DPO with a weight per pair, larger the likelier both responses are under the present policy.

Zhou et al. 2024, arXiv:2406.11827, eq. 2. A response's weight is exp of the mean over its tokens of
log pi(token) - log sum over the vocabulary of pi squared, so that a response sampled from the policy has about weight
1; the product of the two weights multiplies DPO's loss and carries no gradient. Checked against TRL 1.16.0,
trl/trainer/dpo_trainer.py, `use_weighting`.
"""

from __future__ import annotations

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
    """Hyper-parameters of WPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's, the paper's was not verified."""
    clamp_weight: bool = False
    """Let no pair weigh more than 1, as TRL did up to 0.28."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def weight(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] product of the two responses' weights, without gradient."""
    per_token = (scores.policy.token - scores.distribution).detach()  # both are zero off the response
    both = (per_token.sum(dim=-1) / scores.policy.length()).sum(dim=-1).exp()
    return both.clamp(max=1) if hyper.clamp_weight else both


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] weight * -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -weight(scores, hyper) * F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="wpo",
    paper=Paper(
        "Zhou et al.",
        2024,
        arxiv="2406.11827",
        equation="2",
        title="WPO: Enhancing RLHF with Weighted Preference Optimization",
        note="Checked against TRL 1.16.0, use_weighting.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.DISTRIBUTION.with_options(quantity="log_collision")}),
    monotone_in_chosen=False,
    monotone_reason="A likelier chosen response also weighs more; the weight has no gradient.",
    variants={"default": {}, "clamped": {"clamp_weight": True}},
    family=Family.PAIRWISE,
    equation=(
        "L = -w(y_w) w(y_l) log sigmoid( beta (rho_w - rho_l) )\n"
        "rho = log pi(y|x) - log ref(y|x), summed\n"
        "w(y) = exp mean_t [ log pi(y_t) - log sum_v pi(v)^2 ], without gradient"
    ),
    differs={
        "TRL 1.16.0": "the same, as use_weighting",
        "TRL up to 0.28": "the weight of a pair is at most 1, variant `clamped`",
        "oxRL 2a2bd5d": "weights are divided by their sum and carry a gradient; with one pair in a batch it is DPO",
    },
)
