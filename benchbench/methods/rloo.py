"""RLOO: policy gradient with each response's reward compared with the mean of the other responses to its prompt.

Ahmadian et al. 2024, arXiv:2402.14740, as TRL 1.16.0 computes it (trl/trainer/rloo_trainer.py). With S the summed
log-probability, R = r - kl_weight (S_behaviour - S_reference) and A = R less the mean R of the other responses:

    loss = -min( rho A, clip(rho, 1 - epsilon, 1 + epsilon) A ),  rho = exp(S - S_behaviour)

Where each row is used once, rho is 1 and the gradient is that of -A S.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import policy_gradient as pg
from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require, require_above_zero, require_at_least_zero, require_finite_or_none
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of RLOO; the defaults are TRL's."""

    kl_weight: float = 0.05
    """Reward taken off per nat of log-ratio to the reference, >= 0; `beta` in TRL, and 0.05 there."""
    epsilon: float = 0.2
    """How far the ratio of a sequence's probabilities counts beyond 1 on either side, > 0; TRL's. It moves nothing
    where each row is used once."""
    reward_floor: float | None = None
    """Rewards below it count as it before the KL is taken off, in (-inf, `reward_ceiling`); TRL's none has no floor."""
    reward_ceiling: float | None = None
    """Rewards above it count as it, in (`reward_floor`, inf); TRL's none has no ceiling."""
    normalize_advantages: bool = False
    """Divide advantages, less their mean, by their standard deviation over the whole step; TRL's default is not to."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "kl_weight")
        require_above_zero(self, "epsilon")
        require_finite_or_none(self, "reward_floor", "reward_ceiling")
        low, high = self.reward_floor, self.reward_ceiling
        if low is not None and high is not None:
            require(low < high, "reward_ceiling", f"more than reward_floor ({low:g})", high)


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] kl_weight * summed log-ratio to the reference: the reward whose optimum the policy is."""
    return hyper.kl_weight * log_ratio(scores)


def advantages(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] reward with its KL taken off, less the mean of the others; without gradient."""
    drawn, reference = scores.behaviour.sum().detach(), scores.reference.sum()
    rewards = scores.reward.to(drawn)
    if hyper.reward_floor is not None or hyper.reward_ceiling is not None:
        rewards = rewards.clamp(hyper.reward_floor, hyper.reward_ceiling)
    relative = pg.leave_one_out(rewards - hyper.kl_weight * (drawn - reference))
    return pg.standardised(relative, ~rewards.isnan()) if hyper.normalize_advantages else relative


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] mean over the responses of the clipped objective, negated.

    Raises:
        ValueError: K is 1; the mean of the others needs others.
    """
    pg.require_several(scores)
    ratios = pg.ratio(pg.token_log_ratio(scores).sum(dim=-1))
    return -pg.clipped_objective(ratios, advantages(scores, hyper), hyper.epsilon, hyper.epsilon).mean(dim=-1)


def watched(scores: Scores, hyper: Hyper) -> Mapping[str, Tensor]:
    """[B] share of responses whose ratio is outside of the clip."""
    ratios = pg.ratio(pg.token_log_ratio(scores).sum(dim=-1))
    return {"online/clip_share": pg.outside(ratios, hyper.epsilon, hyper.epsilon).mean(dim=-1)}


METHOD = Method(
    name="rloo",
    paper=Paper(
        "Ahmadian et al.",
        2024,
        arxiv="2402.14740",
        title="Back to Basics: Revisiting REINFORCE Style Optimization for Learning from Human Feedback in LLMs",
        note="Checked against TRL 1.16.0, trl/trainer/rloo_trainer.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    watched=watched,
    needs=frozenset({Need.REFERENCE, Need.REWARD.with_options(missing="keep"), Need.BEHAVIOUR}),
    candidates=Candidates.ANY,
    on_policy=True,
    coupled=lambda hyper: hyper.normalize_advantages,
    monotone_in_chosen=False,
    monotone_reason="A response that is worth less than the others costs more the more likely it is.",
    family=Family.LISTWISE,
    equation=(
        "R = r - kl_weight (S_behaviour - S_ref),  A = R - mean of the others' R\n"
        "-min( rho A, clip(rho, 1-eps, 1+eps) A ),  rho = exp(S - S_behaviour)"
    ),
    differs={"TRL 1.16.0": "the same"},
)
