"""Attention over a packed row on CPU: a call of torch's flash kernel for each part of an example, and of its gradient.

The kernel is called below autograd, and its results are written where they belong in one output and one gradient: what
autograd would do around thousands of small calls costs as much as they do.

Candidates that share a long front are read in parts without a mask, merged by log-sum-exp. A mask costs as much as all
pairs of tokens; the parts are the pairs that are read: the front by itself, what each candidate adds by itself, and all
that is added on the front. The backward pass of each part with the *whole* output and log-sum-exp is exact, since a
part's share of the softmax is exp(score - log-sum-exp of all).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from benchbench.core.packed import Segments

_FORWARD = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_BACKWARD = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward

SAVED_PAIRS = 40_000
"""Pairs of tokens from which parts without a mask are quicker: measured for 6 heads of 64 on a Zen 5 core, where 270
tokens take 5.6 ms instead of 6.7 and 1,080 tokens of 8 candidates 26 instead of 97."""

Part = tuple[Segments, Tensor | None]
"""An example, and the additive mask of its tokens; none where they are causal rows."""


def packed_attention(query: Tensor, key: Tensor, value: Tensor, parts: Sequence[Part], scaling: float | None) -> Tensor:
    """[1, N, H, D] attention output of a packed row.

    Args:
        query: [1, H, N, D], as keys and values.
        key: of as many heads.
        value: of as many heads.
        parts: the examples of the row, in order.
        scaling: of the scores; one over the root of D where none is given.
    """
    exact = compute_dtype(value.dtype)
    out = _PackedAttention.apply(query.to(exact), key.to(exact), value.to(exact), parts, scaling)
    return out.to(value.dtype)


def compute_dtype(dtype: torch.dtype) -> torch.dtype:
    """The precision that attention is computed in: float32 for lower ones, where the kernel is quicker, and exact.

    An example of 172 tokens takes 3.2 ms instead of 5.5, one of 1,080 tokens 26 instead of 43 (as above).
    """
    return torch.promote_types(dtype, torch.float32)


def mask_pays(group: Segments) -> bool:
    """Whether calls without a mask would cost more than the pairs of tokens that a mask computes in vain."""
    read = group.prefix**2 / 2 + sum(size * (group.prefix + size / 2) for size in group.suffixes)
    return group.length**2 - read <= SAVED_PAIRS


class _PackedAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, parts: Sequence[Part], scale: float | None) -> Tensor:
        _, heads, length, size = q.shape
        out = q.new_empty(1, length, heads, size)
        lse = q.new_empty(1, heads, length)
        whole = out.transpose(1, 2)
        for group, mask in parts:
            for at in _rows(group, mask):
                whole[:, :, at], lse[:, :, at] = _FORWARD(
                    q[:, :, at], k[:, :, at], v[:, :, at], 0.0, mask is None, attn_mask=mask, scale=scale
                )
            for front, rest in _across(group, mask):
                other, other_lse = _FORWARD(q[:, :, rest], k[:, :, front], v[:, :, front], 0.0, False, scale=scale)
                both = torch.logaddexp(lse[:, :, rest], other_lse)
                whole[:, :, rest].lerp_(other, (other_lse - both).exp_().unsqueeze(-1))
                lse[:, :, rest] = both
        ctx.save_for_backward(q, k, v, out, lse)
        ctx.parts, ctx.scale = parts, scale
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        q, k, v, out, lse = ctx.saved_tensors
        grad, whole = grads[0].transpose(1, 2), out.transpose(1, 2)  # [1, H, N, D]
        dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        for group, mask in ctx.parts:
            for at in _rows(group, mask):
                row = (tensor[:, :, at] for tensor in (grad, q, k, v, whole, lse))
                dq[:, :, at], dk[:, :, at], dv[:, :, at] = _BACKWARD(
                    *row, 0.0, mask is None, attn_mask=mask, scale=ctx.scale
                )
            for front, rest in _across(group, mask):
                reading = (tensor[:, :, rest] for tensor in (grad, q))
                known = (tensor[:, :, rest] for tensor in (whole, lse))
                read = (tensor[:, :, front] for tensor in (k, v))
                rest_dq, front_dk, front_dv = _BACKWARD(*reading, *read, *known, 0.0, False, scale=ctx.scale)
                dq[:, :, rest] += rest_dq
                dk[:, :, front] += front_dk
                dv[:, :, front] += front_dv
        return dq, dk, dv, None, None


def _rows(group: Segments, mask: Tensor | None) -> Iterator[slice]:
    """The runs of an example that read themselves alone, or all of it where a mask says what is read."""
    if mask is not None or group.branches < 2:
        yield slice(group.start, group.start + group.length)
        return
    start = group.start
    for size in (group.prefix, *group.suffixes):
        if size:
            yield slice(start, start + size)
        start += size


def _across(group: Segments, mask: Tensor | None) -> Iterator[tuple[slice, slice]]:
    """Front and suffixes, where all suffixes read the front and no mask says so."""
    if mask is None and group.branches > 1 and group.prefix:
        front = group.start + group.prefix
        yield slice(group.start, front), slice(front, group.start + group.length)
