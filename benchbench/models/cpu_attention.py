"""Attention over a packed row on CPU: short examples together, longer ones by torch's flash kernel.

Short examples are blocks of small matrix products (`models.dense_attention`). For a longer one there is a call of the
kernel for each of its parts, and one of its gradient.

The kernel is called below autograd, and its results are written where they belong in one output and one gradient: what
autograd would do around thousands of small calls costs as much as they do.

Candidates that share a long front are read in parts without a mask, merged by log-sum-exp. A mask costs as much as all
pairs of tokens; the parts are the pairs that are read: the front by itself, what each candidate adds by itself, and all
that is added on the front. The backward pass of each part with the *whole* output and log-sum-exp is exact, since a
part's share of the softmax is exp(score - log-sum-exp of all).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from benchbench.core.packed import Segments
from benchbench.models import dense_attention
from benchbench.models.dense_attention import Dense

_FORWARD = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_BACKWARD = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward

SAVED_PAIRS = 40_000
"""Pairs of tokens from which parts without a mask are quicker: measured for 6 heads of 64 on a Zen 5 core, where 270
tokens take 5.6 ms instead of 6.7 and 1,080 tokens of 8 candidates 26 instead of 97."""


class Part(NamedTuple):
    """Examples of one shape, one after the other in the packed row."""

    group: Segments
    """The first of them."""
    mask: Tensor | None
    """Additive mask of each one's tokens; none where they are causal rows, or read in parts."""
    copies: int = 1
    """How many examples of this shape there are."""

    def of(self, states: Tensor) -> Tensor:
        """[copies, H, n, ...] a view of states [1, H, N, ...]."""
        length = self.group.length
        here = states[:, :, self.group.start : self.group.start + self.copies * length]
        return here if self.copies == 1 else here[0].unflatten(1, (self.copies, length)).transpose(0, 1)


def packed_attention(
    query: Tensor, key: Tensor, value: Tensor, parts: Sequence[Part | Dense], scaling: float | None
) -> Tensor:
    """[1, N, H, D] attention output of a packed row.

    Args:
        query: [1, H, N, D], as keys and values.
        key: of as many heads.
        value: of as many heads.
        parts: the examples of the row, in order.
        scaling: of the scores; one over the root of D where none is given.
    """
    exact = compute_dtype(value.dtype)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    blocks = tuple(part for part in parts if isinstance(part, Dense))
    longer = tuple(part for part in parts if isinstance(part, Part))
    with torch.autocast("cpu", enabled=False):  # which would cast the products of blocks
        out = _PackedAttention.apply(query.to(exact), key.to(exact), value.to(exact), blocks, longer, scale)
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
    def forward(
        ctx: Any, q: Tensor, k: Tensor, v: Tensor, blocks: Sequence[Dense], parts: Sequence[Part], scale: float
    ) -> Tensor:
        _, heads, length, size = q.shape
        out = q.new_empty(1, length, heads, size)
        tensors: list[Tensor] = []
        for block in blocks:
            rows = [block.gather(states[0].transpose(0, 1)) for states in (q, k, v)]
            output, weights = dense_attention.forward(block, rows, scale)
            block.scatter(output, out[0])
            tensors += [*rows, weights]
        if parts:
            lse = q.new_empty(1, heads, length)
            for part in parts:
                _write_output(part, [part.of(states) for states in (q, k, v, out.transpose(1, 2), lse)], scale)
            tensors += [q, k, v, out, lse]
        ctx.save_for_backward(*tensors)
        ctx.blocks, ctx.parts, ctx.scale = blocks, parts, scale
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        grad, tensors = grads[0], ctx.saved_tensors
        into = [torch.empty_like(grad, memory_format=torch.contiguous_format) for _ in range(3)]  # [1, N, H, D]
        for number, block in enumerate(ctx.blocks):
            of_block = tensors[4 * number : 4 * number + 4]
            gradients = dense_attention.backward(block.gather(grad[0]), of_block, ctx.scale)
            for rows, whole in zip(gradients, into, strict=True):
                block.scatter(rows, whole[0])
        if ctx.parts:
            q, k, v, out, lse = tensors[4 * len(ctx.blocks) :]
            known = (grad.transpose(1, 2), q, k, v, out.transpose(1, 2), lse, *(each.transpose(1, 2) for each in into))
            for part in ctx.parts:
                _write_gradients(part, [part.of(states) for states in known], ctx.scale)
        return *(each.transpose(1, 2) for each in into), None, None, None


def _write_output(part: Part, views: Sequence[Tensor], scale: float) -> None:
    """Write a part's output and log-sum-exp; views of q, k, v, output and log-sum-exp."""
    q, k, v, out, lse = views
    for at in _rows(part):
        out[:, :, at], lse[:, :, at] = _FORWARD(
            q[:, :, at], k[:, :, at], v[:, :, at], 0.0, part.mask is None, attn_mask=part.mask, scale=scale
        )
    for front, rest in _across(part):
        other, other_lse = _FORWARD(q[:, :, rest], k[:, :, front], v[:, :, front], 0.0, False, scale=scale)
        both = torch.logaddexp(lse[:, :, rest], other_lse)
        out[:, :, rest].lerp_(other, (other_lse - both).exp_().unsqueeze(-1))
        lse[:, :, rest] = both


def _write_gradients(part: Part, views: Sequence[Tensor], scale: float) -> None:
    """Write a part's gradients; views of its output's gradient, what `_write_output` had, and the gradients."""
    grad, q, k, v, out, lse, into_q, into_k, into_v = views
    for at in _rows(part):
        row = (states[:, :, at] for states in (grad, q, k, v, out, lse))
        into_q[:, :, at], into_k[:, :, at], into_v[:, :, at] = _BACKWARD(
            *row, 0.0, part.mask is None, attn_mask=part.mask, scale=scale
        )
    for front, rest in _across(part):
        reading, read = (grad[:, :, rest], q[:, :, rest]), (k[:, :, front], v[:, :, front])
        rest_q, front_k, front_v = _BACKWARD(*reading, *read, out[:, :, rest], lse[:, :, rest], 0.0, False, scale=scale)
        into_q[:, :, rest] += rest_q
        into_k[:, :, front] += front_k
        into_v[:, :, front] += front_v


def _rows(part: Part) -> Iterator[slice]:
    """The runs of an example that read themselves alone, or all of it where a mask says what is read."""
    group = part.group
    if part.mask is not None or group.branches < 2:
        yield slice(0, group.length)
        return
    start = 0
    for size in (group.prefix, *group.suffixes):
        if size:
            yield slice(start, start + size)
        start += size


def _across(part: Part) -> Iterator[tuple[slice, slice]]:
    """Front and suffixes, where all suffixes read the front and no mask says so."""
    group = part.group
    if part.mask is None and group.branches > 1 and group.prefix:
        yield slice(0, group.prefix), slice(group.prefix, group.length)
