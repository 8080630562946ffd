"""Attention of candidates that share a long front, in parts without masks, merged by log-sum-exp; on CPU.

A mask costs as much as all pairs of tokens; the parts are the pairs that are read: the front by itself, what each
candidate adds by itself, and all that is added on the front. The backward pass of each part with the *whole* output and
log-sum-exp is exact, since a part's share of the softmax is exp(score - log-sum-exp of all).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

_FORWARD = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
_BACKWARD = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward


def shared_front_attention(
    q: Tensor, k: Tensor, v: Tensor, prefix: int, suffixes: Sequence[int], scaling: float | None
) -> Tensor:
    """[1, H, n, D] output for one example of a packed row.

    Args:
        q: [1, H, n, D] queries of prefix and suffixes, one after the other; keys and values likewise.
        k: keys.
        v: values.
        prefix: tokens that all suffixes read; more than 0.
        suffixes: tokens of each suffix, none of which reads another.
        scaling: of the scores; one over the root of D where none is given.
    """
    q, k = q.to(v.dtype), k.to(v.dtype)  # under autocast rotary positions leave them in float32
    return _SharedFront.apply(q, k, v, prefix, tuple(size for size in suffixes if size), scaling)


class _SharedFront(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, prefix: int, sizes: tuple[int, ...], scale: Any) -> Tensor:
        parts = [prefix, *sizes]
        each = zip(q.split(parts, 2), k.split(parts, 2), v.split(parts, 2), strict=True)
        own = [_FORWARD(*part, 0.0, True, scale=scale) for part in each]  # causal, each by itself
        (front, front_lse), suffixes = own[0], own[1:]
        across, across_lse = _FORWARD(q[:, :, prefix:], k[:, :, :prefix], v[:, :, :prefix], 0.0, False, scale=scale)
        suffix, suffix_lse = torch.cat([o for o, _ in suffixes], 2), torch.cat([lse for _, lse in suffixes], 2)
        lse = torch.logaddexp(across_lse, suffix_lse)
        share = (across_lse - lse).exp_().unsqueeze(-1).to(v.dtype)
        merged = torch.lerp(suffix, across, share)
        out, lse = torch.cat([front, merged], 2), torch.cat([front_lse, lse], 2)
        ctx.save_for_backward(q, k, v, out, lse)
        ctx.parts, ctx.scale = parts, scale
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        q, k, v, out, lse = ctx.saved_tensors
        grad = grads[0].contiguous()
        parts, scale, prefix = ctx.parts, ctx.scale, ctx.parts[0]
        cuts = [tensor.split(parts, 2) for tensor in (grad, q, k, v, out, lse)]
        own = [_BACKWARD(*part, 0.0, True, scale=scale) for part in zip(*cuts, strict=True)]
        dq, dk, dv = (torch.cat(pieces, 2) for pieces in zip(*own, strict=True))
        across_dq, front_dk, front_dv = _BACKWARD(
            grad[:, :, prefix:],
            q[:, :, prefix:],
            k[:, :, :prefix],
            v[:, :, :prefix],
            out[:, :, prefix:],
            lse[:, :, prefix:],
            0.0,
            False,
            scale=scale,
        )
        dq[:, :, prefix:] += across_dq
        dk[:, :, :prefix] += front_dk
        dv[:, :, :prefix] += front_dv
        return dq, dk, dv, None, None, None
