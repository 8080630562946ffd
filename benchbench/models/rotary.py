"""Rotary positions on CPU in fewer operations than transformers' own function takes, to the same last bit.

Rotary positions (Su et al. 2021, arXiv:2104.09864, eq. 34) are a seventh of a step of a small model where they are
written as split, negate, concatenate, multiply and add, for each of which autograd has a step of its own. Here they are
one step, whose gradient is the turn in the other direction.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

NAME = "apply_rotary_pos_emb"
"""What transformers calls the function in each file of a model."""
ORIGINAL = "bench_original"
"""Attribute of our function that holds transformers'."""
Apply = Callable[..., tuple[Tensor, Tensor]]
"""(query, key, cosines, sines, ...) -> turned query and key."""


def use_quick_rotary(model: nn.Module) -> None:
    """Replace the function that turns queries and keys in the files that a model's layers are defined in.

    Tried for each such function, never read off a list of architectures: one that does not give the same bits, forward
    and backward, on small tensors is left as it is. On a card, in mixed precisions, and where the model is compiled,
    transformers' own is run.

    Args:
        model: of transformers.
    """
    for name in sorted({type(module).__module__ for module in model.modules()}):
        if not name.startswith("transformers.models."):
            continue
        file: ModuleType = sys.modules[name]
        apply: Apply | None = getattr(file, NAME, None)
        if apply is not None and not hasattr(apply, ORIGINAL) and _is_same(apply):
            setattr(file, NAME, quick(apply))


def quick(apply: Apply) -> Apply:
    """A function that gives what `apply` gives, quicker on CPU."""

    @wraps(apply)
    def turned(
        q: Tensor, k: Tensor, cos: Tensor, sin: Tensor, *others: Any, unsqueeze_dim: int = 1, **named: Any
    ) -> tuple[Tensor, Tensor]:
        alike = q.device.type == "cpu" and q.dtype == k.dtype == cos.dtype == sin.dtype
        if others or named or not alike or cos.requires_grad or torch.compiler.is_compiling():
            return apply(q, k, cos, sin, *others, unsqueeze_dim=unsqueeze_dim, **named)
        return _Turn.apply(q, k, cos.unsqueeze(unsqueeze_dim), sin.unsqueeze(unsqueeze_dim))

    setattr(turned, ORIGINAL, apply)
    return turned


class _Turn(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(cos, sin)
        return _turn(q, cos, sin), _turn(k, cos, sin)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        cos, sin = ctx.saved_tensors
        half = cos.shape[-1] // 2
        back = torch.cat((-sin[..., half:], -sin[..., :half]), dim=-1)
        return *(None if grad is None else _turn(grad, cos, back) for grad in grads), None, None


def _turn(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """The sum x * cos + (-x2, x1) * sin, of the halves of the rotary dimensions; what is beyond as it is."""
    size = cos.shape[-1]
    half = size // 2
    if size == x.shape[-1]:
        out = x * cos
    else:
        out = torch.empty_like(x)
        out[..., size:] = x[..., size:]
        torch.mul(x[..., :size], cos, out=out[..., :size])
    out[..., :half].sub_(x[..., half:size] * sin[..., :half])
    out[..., half:size].add_(x[..., :half] * sin[..., half:])
    return out


def _is_same(apply: Apply) -> bool:
    """Whether a function of transformers is the one that is written here, to the last bit, gradients included."""
    if list(inspect.signature(apply).parameters)[:4] != ["q", "k", "cos", "sin"]:
        return False
    rng = torch.Generator().manual_seed(0)
    q, k, to_q, to_k = (torch.randn(1, 2, 5, 8, generator=rng) for _ in range(4))
    for size in (8, 4):
        cos, sin = (torch.randn(1, 5, size, generator=rng) for _ in range(2))
        try:
            expected = _with_gradients(apply, q, k, cos, sin, (to_q, to_k))
        except (RuntimeError, TypeError, ValueError):
            if size == 8:
                return False
            continue  # it turns all of a head or nothing
        turned = _with_gradients(quick(apply), q, k, cos, sin, (to_q, to_k))
        if not all(torch.equal(*pair) for pair in zip(expected, turned, strict=True)):
            return False
    return True


@torch.enable_grad()
def _with_gradients(
    apply: Apply, q: Tensor, k: Tensor, cos: Tensor, sin: Tensor, weights: tuple[Tensor, Tensor]
) -> tuple[Tensor, ...]:
    inputs = [q.clone().requires_grad_(), k.clone().requires_grad_()]
    outputs = apply(*inputs, cos, sin)
    return *outputs, *torch.autograd.grad(outputs, inputs, weights)
