"""Checks of what a loss and a reward give: runs at all, shapes, finite numbers and gradients, a gradient at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from benchbench.contract.breach import Breach, numbers
from benchbench.contract.scores import (
    accepted_candidates,
    of_step,
    random_scores,
    with_policy_tokens,
)
from benchbench.core.method import Method, Over, Term
from benchbench.core.scores import Logps

EXAMPLES = 3
FAR_NATS = 1e4
"""Nats per response that a loss must survive: a policy that has forgotten a response of a thousand tokens."""


def shapes(method: Method, hyper: Any) -> Iterator[Breach]:
    """A loss is [B], or named terms of [B]; a reward is [B, K]."""
    for candidates in accepted_candidates(method):
        scores = random_scores(method, candidates=candidates, examples=EXAMPLES)
        returned = method.loss(scores, hyper)
        wrong = [_term_breach(name, term) for name, term in _terms(returned)]
        yield from (breach for breach in wrong if breach is not None)
        reward = method.reward(scores, hyper)
        expected = (EXAMPLES, candidates)
        if not isinstance(reward, Tensor) or tuple(reward.shape) != expected:
            yield Breach(
                f"a reward of shape [B, K] = {list(expected)}, one number per candidate",
                _described(reward),
                "return what the method calls the reward of each response, before any difference of two",
            )


def _terms(loss: Any) -> list[tuple[str, Any]]:
    return list(loss.items()) if isinstance(loss, Mapping) else [("", loss)]


def _term_breach(name: str, term: Any) -> Breach | None:
    if name and not isinstance(term, Term):
        return Breach(f"term '{name}' to be a Term(values, Over.X)", _described(term), "wrap it in Term")
    values = term.values if isinstance(term, Term) else term
    if isinstance(term, Term) and not isinstance(term.over, Over):
        return Breach(f"term '{name}' to be over a member of Over", repr(term.over), "give Over.EXAMPLES or another")
    if isinstance(values, Tensor) and tuple(values.shape) == (EXAMPLES,):
        return None
    what = f"term '{name}'" if name else "a loss"
    is_scalar = isinstance(values, Tensor) and values.ndim == 0
    remedy = (
        "leave .mean() or .sum() over the batch out; the training loop averages over the whole step"
        if is_scalar
        else "return one value per example, [B]"
    )
    return Breach(f"{what} of shape [B] = [{EXAMPLES}], one value per example", _described(values), remedy)


def _described(value: Any) -> str:
    if not isinstance(value, Tensor):
        return f"{type(value).__name__} {value!r}"
    return "a scalar" if value.ndim == 0 else f"shape {list(value.shape)}"


def dtypes(method: Method, hyper: Any) -> Iterator[Breach]:
    """The dtype is the policy's, in whatever precision rewards and columns come; the reference has the policy's."""
    for dtype, other in ((torch.float32, torch.float64), (torch.float64, torch.float32)):
        scores = random_scores(method, dtype=dtype)
        reward = None if scores._reward is None else scores._reward.to(other)
        columns = {name: column.to(other) for name, column in scores._column.items()}
        scores = replace(scores, _reward=reward, _column=columns)
        values = [
            ("loss", term.values if isinstance(term, Term) else term) for _, term in _terms(method.loss(scores, hyper))
        ]
        for what, value in [*values, ("reward", method.reward(scores, hyper))]:
            if value.dtype != dtype:
                yield Breach(
                    f"a {what} in the policy's {dtype}",
                    f"{value.dtype} where rewards and columns are {other}",
                    "convert what you read: scores.reward.to(scores.policy.token), scores.column(NAME).to(...)",
                )


EXTREMES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "as sampled": lambda token: token,
    "certain of every token": torch.zeros_like,
    "nearly certain": lambda token: token * 1e-9,
    "certain of the first response": lambda token: _first(token, 0.0, 1.0),
    "certain of all others": lambda token: _first(token, 1.0, 0.0),
    "hopeless": lambda token: token * 1e3,
    "1e4 nats below on the first response": lambda token: _first(_far(token), 1.0, 0.0),
    "1e4 nats below on all others": lambda token: _first(_far(token), 0.0, 1.0),
    "1e4 nats below on every response": lambda token: _far(token),
}
"""Policy in words -> its [B, K, T] log-probabilities, made of sampled ones; every one occurs in training."""


def _first(token: Tensor, first: float, others: float) -> Tensor:
    factors = torch.full(token.shape[1:2], others, dtype=token.dtype)
    factors[0] = first
    return token * factors[None, :, None]


def _far(token: Tensor) -> Tensor:
    """Responses of exactly 1e4 nats each."""
    return token * (FAR_NATS / -token.sum(dim=-1, keepdim=True))


def finite(method: Method, hyper: Any) -> Iterator[Breach]:
    """Loss, reward and gradient are finite for every policy, up to 1e4 nats per response, in both precisions."""
    for dtype in (torch.float32, torch.float64):
        for name, change in EXTREMES.items():
            scores = random_scores(method, dtype=dtype)
            yield from _finite_at(method, hyper, scores, change(scores.policy.token).to(dtype), f"{name}, {dtype}")
        scores = random_scores(method, dtype=dtype)
        if isinstance(scores._reference, Logps):
            yield from _finite_at(method, hyper, scores, scores._reference.token, f"equal to its reference, {dtype}")


def _finite_at(method: Method, hyper: Any, scores: Any, token: Tensor, policy: str) -> Iterator[Breach]:
    token = token.clone().requires_grad_()
    scores = with_policy_tokens(scores, token)
    total = of_step(method.loss(scores, hyper), scores.policy)
    slope = torch.autograd.grad(total, token, allow_unused=True)[0] if total.requires_grad else None
    for what, value in (("loss", total), ("gradient", slope), ("reward", method.reward(scores, hyper))):
        if value is not None and not value.isfinite().all():
            yield Breach(
                f"a finite {what} for a policy that is {policy}",
                numbers(value[~value.isfinite()]) if value.ndim else f"{value.item()}",
                "write it with F.logsigmoid, F.softplus, logsumexp or expm1 instead of log(sigmoid), exp or "
                "log(1 - p), and divide by nothing that can be zero",
            )


def has_gradient(method: Method, hyper: Any) -> Iterator[Breach]:
    """The loss depends on the policy."""
    scores = random_scores(method)
    token = scores.policy.token.clone().requires_grad_()
    total = of_step(method.loss(with_policy_tokens(scores, token), hyper), scores.policy)
    slope = torch.autograd.grad(total, token, allow_unused=True)[0] if total.requires_grad else None
    if slope is None or slope.abs().max() == 0:
        yield Breach(
            "a gradient that reaches the policy's log-probabilities",
            "none" if slope is None else "zero everywhere",
            "compute the loss from scores.policy, and detach nothing of it but a target or a weight",
        )
