"""Parts of policy-gradient losses over K drawn responses: advantages, ratios, clips, an estimate of the KL.

As TRL 1.16.0 computes them (trl/trainer/grpo_trainer.py, rloo_trainer.py). A reward that nobody gave is NaN: its
response is left out of means and deviations and has the advantage 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.scores import Scores

if TYPE_CHECKING:
    from torch import Tensor

ADDED = 1e-4
"""Added to a standard deviation before something is divided by it; TRL's."""
Scale = Literal["group", "batch", "none"]


def require_several(scores: Scores) -> None:
    """Return only if each prompt has two responses or more.

    Raises:
        ValueError: K is 1; there is nothing to compare a response with.
    """
    if (count := scores.policy.token.shape[1]) < 2:
        raise ValueError(f"expected two responses or more to each prompt, got K = {count}")


def leave_one_out(values: Tensor) -> Tensor:
    """[B, K] each value less the mean of the other known values of its group; 0 where it or all others are unknown."""
    known = ~values.isnan()
    filled, others = values.nan_to_num(), known.sum(dim=-1, keepdim=True) - 1
    baseline = (filled.sum(dim=-1, keepdim=True) - filled) / others.clamp(min=1)
    return ((filled - baseline) * (known & (others > 0))).to(values)


def group_relative(rewards: Tensor, scale: Scale) -> Tensor:
    """[B, K] reward less the mean of its group, over a standard deviation (unbiased, plus 1e-4).

    Args:
        rewards: [B, K].
        scale: deviation of the `group`, of all rewards of the `batch`, or `none`.
    """
    known = ~rewards.isnan()
    count = known.sum(dim=-1, keepdim=True)
    filled = rewards.nan_to_num()
    mean = filled.sum(dim=-1, keepdim=True) / count.clamp(min=1)
    centred = (filled - mean) * known
    if scale == "none":
        return centred
    if scale == "batch":
        spread = normal_deviation(filled[known])
    else:
        spread = (centred.square().sum(dim=-1, keepdim=True) / (count - 1).clamp(min=1)).sqrt()
    return centred / (spread + ADDED)


def standardised(advantages: Tensor, known: Tensor) -> Tensor:
    """[B, K] advantages less their mean, over their unbiased standard deviation plus 1e-4, both of the whole step.

    Args:
        advantages: [B, K].
        known: [B, K] which responses have a reward; the others are in neither, and have the advantage 0.
    """
    values = advantages[known]
    return ((advantages - values.mean()) / (normal_deviation(values) + ADDED)).masked_fill(~known, 0)


def normal_deviation(values: Tensor) -> Tensor:
    """[] unbiased standard deviation of [N] values; 0 of fewer than two."""
    return (values - values.mean()).square().sum().div(max(1, len(values) - 1)).sqrt() if len(values) else values.sum()


def token_log_ratio(scores: Scores) -> Tensor:
    """[B, K, T] log-probability under the policy less that under the policy that drew the response; zero off it."""
    return scores.policy.token - scores.behaviour.token


def ratio(log_ratio: Tensor) -> Tensor:
    """Ratios of probabilities of log-ratios, held where it would be infinite in float32."""
    return F.held_exponent(log_ratio).exp()


def clipped_objective(
    ratios: Tensor, advantages: Tensor, low: float, high: float, *, most: float | None = None
) -> Tensor:
    """min(ratio A, clip(ratio, 1 - low, 1 + high) A), elementwise (PPO, arXiv:1707.06347, eq. 7).

    Args:
        ratios: of probabilities.
        advantages: A, of a shape that broadcasts.
        low: how far below 1 the ratio counts.
        high: how far above 1.
        most: cap of the ratio in the first product; none for no cap.
    """
    first = ratios if most is None else ratios.clamp(max=most)
    return (first * advantages).minimum(ratios.clamp(1 - low, 1 + high) * advantages)


def k3(policy: Tensor, reference: Tensor) -> Tensor:
    """exp(d) - d - 1 with d = reference - policy, an estimate of the KL to the reference that is never negative.

    Held, without gradient, where exp(d) would be infinite in float32.
    """
    gap = F.held_exponent(reference - policy)
    return gap.exp() - gap - 1


def outside(ratios: Tensor, low: float, high: float) -> Tensor:
    """1 where a ratio is outside of [1 - low, 1 + high], else 0."""
    return ((ratios < 1 - low) | (ratios > 1 + high)).to(ratios)
