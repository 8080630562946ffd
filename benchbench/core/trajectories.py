"""Trajectories: sums over what is still to come, tokens taken together as steps, and the soft Bellman equation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def still_to_come(values: Tensor) -> Tensor:
    """[..., T] at each place the sum of the values from there to the end."""
    return values.flip(-1).cumsum(dim=-1).flip(-1)


def begins_step(numbers: Tensor, response: Tensor) -> Tensor:
    """[..., T] bool, true where a scored token's step number is higher than all before it.

    Args:
        numbers: [..., T] number of each token's step, rising along the response.
        response: [..., T] bool, true where a token is scored.
    """
    from torch.nn.functional import pad

    highest = numbers.masked_fill(~response, float("-inf")).cummax(dim=-1).values
    before = pad(highest[..., :-1], (1, 0), value=float("-inf"))
    return response & (highest > before)


def of_steps(values: Tensor, begins: Tensor) -> Tensor:
    """[..., T] the values of each step added up, at the place where the step begins; zero elsewhere.

    Values before the first step must be zero.

    Args:
        values: [..., T] one per token.
        begins: [..., T] bool, as `begins_step`.
    """
    step = (begins.long().cumsum(dim=-1) - 1).clamp(min=0)  # [..., T] which step a token is of
    sums = values.new_zeros(values.shape).scatter_add(-1, step, values)
    return sums.gather(-1, step) * begins


def soft_bellman(ratio: Tensor, value: Tensor, reward: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """[B] and [B] mean squares of the soft Bellman equation's residual at some places, for the value and the policy.

    The residual at a place is its value less the reward plus the log-ratios from there to the end. In the first mean
    the value alone has a gradient, in the second the log-ratio of the place itself.

    Args:
        ratio: [B, T] scaled log-ratio of each action, zero where none is.
        value: [B, T] what the value says before each action.
        reward: [B, 1] of the whole trajectory.
        places: [B, T] bool, true where the equation is to hold.
    """
    ahead, count = still_to_come(ratio.detach()), places.sum(dim=-1).clamp(min=1)
    of_value = (value - reward + ahead).square() * places
    of_policy = (value.detach() - reward + ahead + ratio - ratio.detach()).square() * places
    return of_value.sum(dim=-1) / count, of_policy.sum(dim=-1) / count
