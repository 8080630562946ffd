"""Token rewards, generalised advantages, whitening and PPO's two clipped losses, of tensors of any leading shape.

As TRL 1.12.0 computes them (trl/experimental/ppo/ppo_trainer.py); the advantages are those of Schulman et al. 2015,
arXiv:1506.02438, eq. 16. Masks are true where something counts, and values and rewards are zero elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from benchbench.core import policy_gradient as pg

if TYPE_CHECKING:
    from torch import Tensor

ADDED = 1e-8
"""Added to a variance before its root is taken; TRL's."""


def divergence(policy: Tensor, reference: Tensor, estimator: Literal["k1", "k3"]) -> Tensor:
    """[..., T] estimate of each token's KL to the reference, in nats, of log-probabilities of drawn tokens."""
    return policy - reference if estimator == "k1" else pg.k3(policy, reference)


def last_of(mask: Tensor) -> Tensor:
    """[..., T] true at the last true place of each row."""
    return mask & (mask.cumsum(dim=-1) == mask.sum(dim=-1, keepdim=True))


def token_rewards(score: Tensor, kl: Tensor, ends: Tensor, weight: float) -> Tensor:
    """[..., T] minus the weighted KL of each token, and the response's score where it ends.

    Args:
        score: [...] finite, of each response.
        kl: [..., T] of `divergence`, zero off the response.
        ends: [..., T] true where the score goes.
        weight: of the KL.
    """
    return ends * score.unsqueeze(-1) - weight * kl


def whitened(values: Tensor, mask: Tensor, *, shift: bool) -> Tensor:
    """[..., T] values over their unbiased standard deviation where the mask is true, zero elsewhere.

    Args:
        values: whatever is to be whitened.
        mask: which of them are in mean and deviation.
        shift: take the mean off, too; else it stays where it is.
    """
    count = mask.sum()
    mean = (values * mask).sum() / count.clamp(min=1)
    variance = ((values - mean).square() * mask).sum() / (count - 1).clamp(min=1)
    scaled = (values - mean) * (variance + ADDED).rsqrt()
    return (scaled if shift else scaled + mean) * mask


def generalised_advantages(rewards: Tensor, values: Tensor, *, gamma: float, lam: float) -> Tensor:
    """[..., T] sum over later tokens k of (gamma lam)^(k - t) (r_k + gamma V_(k+1) - V_k); beyond the last V is 0.

    Args:
        rewards: [..., T], zero where nothing was drawn.
        values: [..., T] the critic's value before each token, zero where nothing was drawn.
        gamma: discount.
        lam: decay of later errors.
    """
    advantages, following = rewards.new_zeros(rewards.shape), rewards.new_zeros(rewards.shape[:-1])
    beyond = following
    for place in reversed(range(rewards.shape[-1])):
        error = rewards[..., place] + gamma * beyond - values[..., place]
        following = error + gamma * lam * following
        advantages[..., place] = following
        beyond = values[..., place]
    return advantages


def policy_loss(log_ratio: Tensor, advantages: Tensor, epsilon: float) -> Tensor:
    """[..., T] the clipped objective of each token, negated; log_ratio is that of policy to drawing policy."""
    return -pg.clipped_objective(pg.ratio(log_ratio), advantages, epsilon, epsilon)


def value_loss(values: Tensor, drawn: Tensor, returns: Tensor, epsilon: float) -> Tensor:
    """[..., T] half the larger squared error of a value and of the same held near the one at drawing.

    Args:
        values: the critic's, with their gradient.
        drawn: those when the responses were drawn.
        returns: what they are to be.
        epsilon: how far a held value may be from the drawn one.
    """
    held = values.clamp(drawn - epsilon, drawn + epsilon)
    return 0.5 * (values - returns).square().maximum((held - returns).square())
