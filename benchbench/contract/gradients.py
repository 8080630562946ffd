"""The check that a loss's gradient is that of its values, in double precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from benchbench.contract.breach import Breach
from benchbench.contract.scores import of_step, random_scores, with_policy_tokens
from benchbench.core.method import Method

STEP_NATS = 1e-6
TOLERANCE = 1e-6


class _Held(TorchFunctionMode):
    """Keeps what a loss detaches, or computes without gradient, and gives it again when the loss runs anew.

    A loss with a fixed target or weight is no function of the policy alone, and its gradient is that of the values
    with target and weight held where they were.
    """

    def __init__(self) -> None:
        super().__init__()
        self.values: list[Any] = []
        self.place: int | None = None
        """None while values are recorded, else which one comes next."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        value = func(*args, **(kwargs or {}))
        is_fixed = func in (Tensor.detach, Tensor.clone) and not _has_grad(value)
        is_fixed = is_fixed or (func is not Tensor.requires_grad_ and not torch.is_grad_enabled())
        if not is_fixed or not isinstance(value, Tensor):
            return value
        if self.place is None:
            self.values.append(value)
            return value
        self.place += 1
        return self.values[self.place - 1]


def _has_grad(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def gradient(method: Method, hyper: Any) -> Iterator[Breach]:
    """The gradient equals a numerical one, what is detached held fixed: no in-place change, no wrong derivative."""
    scores = random_scores(method, 3, examples=2)
    held = _Held()

    def total(token: Tensor) -> Tensor:
        return of_step(method.loss(with_policy_tokens(scores, token), hyper), scores.policy)

    token = scores.policy.token.clone().requires_grad_()
    with held:
        value = total(token)
    slope = torch.autograd.grad(value, token, allow_unused=True)[0] if value.requires_grad else None
    if slope is None:
        return  # another check says so
    numeric = _numeric(total, scores.policy.token, scores.policy.response, held)
    gap = (slope * scores.policy.response - numeric).abs()  # places behind a response are no one's
    if (gap > TOLERANCE * (1 + numeric.abs())).any():
        place = tuple(int(i) for i in (gap == gap.max()).nonzero()[0])
        yield Breach(
            "the gradient of the loss to be the slope of its values (double precision)",
            f"{slope[place].item():.8g} where the values rise by {numeric[place].item():.8g} per nat, at candidate "
            f"{place[1]}, token {place[2]}",
            "look for round, sign, argmax, where or an in-place change on the way, or a custom backward",
        )


def _numeric(total: Callable[[Tensor], Tensor], at: Tensor, response: Tensor, held: _Held) -> Tensor:
    """[B, K, T] central differences of a scalar at the tokens of responses; zero elsewhere."""
    slope = torch.zeros_like(at)
    for place in map(tuple, response.nonzero().tolist()):
        ends = []
        for step in (STEP_NATS, -STEP_NATS):
            moved = at.clone()
            moved[place] += step
            held.place = 0
            with held:
                ends.append(total(moved.requires_grad_()).item())
        slope[place] = (ends[0] - ends[1]) / (2 * STEP_NATS)
    return slope
