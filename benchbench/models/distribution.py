"""Quantities of whole next-token distributions at response positions, computed in chunks that are not kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from benchbench.models.logps import ResponseStates

Quantity = Callable[[Tensor, Tensor], Tensor]
"""Log-probabilities of the policy and of the anchor, [n, V] each, to [n]."""


def policy_first(policy: Tensor, anchor: Tensor) -> Tensor:
    """[n] KL(policy || anchor), nats."""
    return (policy.exp() * (policy - anchor)).sum(dim=-1)


def reference_first(policy: Tensor, anchor: Tensor) -> Tensor:
    """[n] KL(anchor || policy), nats."""
    return policy_first(anchor, policy)


def jensen_shannon(policy: Tensor, anchor: Tensor) -> Tensor:
    """[n] mean of the two distributions' KL to their even mixture, nats; at most log 2."""
    mixture = torch.logaddexp(policy, anchor) - torch.tensor(2.0, dtype=policy.dtype).log()
    return (policy_first(policy, mixture) + policy_first(anchor, mixture)) / 2


def entropy(policy: Tensor, anchor: Tensor) -> Tensor:
    """[n] entropy of the policy, nats; the anchor is not looked at."""
    return -(policy.exp() * policy).sum(dim=-1)


def log_collision(policy: Tensor, anchor: Tensor) -> Tensor:
    """[n] log of the sum of the policy's squared probabilities, nats; the anchor is not looked at."""
    return (2 * policy).logsumexp(dim=-1)


QUANTITIES: Mapping[str, Quantity] = {
    "policy_first": policy_first,
    "reference_first": reference_first,
    "jensen_shannon": jensen_shannon,
    "entropy": entropy,
    "log_collision": log_collision,
}
ALONE = ("entropy", "log_collision")
"""Quantities of the policy without an anchor."""


def distribution_quantity(
    name: str, policy: ResponseStates, anchor: ResponseStates | None, dtype: torch.dtype
) -> Tensor:
    """[R] a quantity at every response position, with its gradient in the policy.

    Args:
        name: one of `QUANTITIES`.
        policy: states of the policy.
        anchor: states of another model for the same batch; none for a quantity of the policy alone.
        dtype: precision of log-softmax and of everything computed from it.

    At no time is there more than one chunk of logits of each model: the backward pass makes each chunk again.
    """
    size = policy.chunk() if anchor is None else min(policy.chunk(), anchor.chunk())
    reads = QUANTITIES[name]

    def part(values: Tensor, anchor_values: Tensor) -> Tensor:
        log_policy = _log_softmax(policy, values, dtype)
        log_anchor = log_policy if anchor is None else _log_softmax(anchor, anchor_values, dtype).detach()
        return reads(log_policy, log_anchor)

    others = policy.values.detach() if anchor is None else anchor.values.detach()
    chunks = zip(policy.values.split(size), others.split(size), strict=True)
    parts = [_recomputed(part, *chunk) for chunk in chunks]
    return torch.cat(parts) if parts else torch.zeros(0, dtype=dtype, device=policy.values.device)


def _recomputed(part: Callable[..., Any], values: Tensor, anchor_values: Tensor) -> Tensor:
    if not values.requires_grad:
        return part(values, anchor_values)
    quantities = checkpoint(part, values, anchor_values, use_reentrant=False)
    assert isinstance(quantities, Tensor)
    return quantities


def _log_softmax(states: ResponseStates, values: Tensor, dtype: torch.dtype) -> Tensor:
    return states.logits(values).to(dtype).log_softmax(dim=-1)
