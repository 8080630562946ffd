"""Attention over a packed row in one call of a kernel for rows of unequal length, such as FlashAttention.

Queries are the packed row as it stands; keys and values are gathered as [prefix] and [prefix + suffix k], so that no
mask is needed: causal, aligned at the end of both where a sequence has fewer queries than keys. A prefix is read by
each suffix from copies of its keys, whose gradients are added up again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from benchbench.core.batch import sent
from benchbench.core.packed import Packed, Segments, Sequences


class Kernel(Protocol):
    """Causal attention within S sequences, aligned at their ends; the shape of torch's `varlen_attn`."""

    def __call__(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        cu_seq_q: Tensor,
        cu_seq_k: Tensor,
        max_q: int,
        max_k: int,
        *,
        scale: float | None,
        window_size: tuple[int, int],
    ) -> Tensor:
        """[N, H, D] from queries [N, H, D] and keys and values [M, H, D]; window (-1, 0), or (tokens back, 0)."""
        ...


def sequences_of(groups: Sequence[Segments]) -> Sequences:
    """How a packed row falls into sequences; tensors on the host."""
    keys: list[np.ndarray] = []
    ends_q, ends_k = [0], [0]
    copies: dict[int, tuple[list[np.ndarray], list[np.ndarray]]] = {}
    homes: list[np.ndarray] = []
    for number, prefix, run in _runs(groups):
        shared = len(prefix)
        at = ends_k[-1]
        keys += [prefix, run]
        homes.append(np.arange(at + shared, at + shared + len(run)))
        ends_q.append(ends_q[-1] + len(run))
        ends_k.append(at + shared + len(run))
        if shared:
            places, among_keys = copies.setdefault(number, ([], []))
            places.append(prefix)
            among_keys.append(np.arange(at, at + shared))
    return Sequences(
        ends_q=torch.tensor(ends_q, dtype=torch.int32),
        ends_k=torch.tensor(ends_k, dtype=torch.int32),
        longest_q=int(np.diff(ends_q).max(initial=0)),
        longest_k=int(np.diff(ends_k).max(initial=0)),
        keys=_joined(keys) if copies else None,
        homes=_joined(homes),
        copies=tuple((_joined(places), _joined(among_keys)) for places, among_keys in copies.values()),
    )


def _runs(groups: Sequence[Segments]) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Number of the suffix, indices of the prefix it reads besides itself, and its own; in the order of the row."""
    nothing = np.empty(0, dtype=np.int64)
    for group in groups:
        if group.branches <= 1:
            yield 0, nothing, np.arange(group.start, group.start + group.length)
            continue
        prefix = np.arange(group.start, group.start + group.prefix)
        if group.prefix:
            yield 0, nothing, prefix
        at = group.start + group.prefix
        for number, size in enumerate(group.suffixes):
            if size:
                yield number, prefix, np.arange(at, at + size)
            at += size


def _joined(parts: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.concatenate([*parts, np.empty(0, dtype=np.int64)]))


def varlen_attention(
    packed: Packed,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    scaling: float | None,
    window: int | None,
    kernel: Kernel,
) -> Tensor:
    """[1, N, H, D] attention of a packed row.

    Args:
        packed: the layout.
        query: [1, H, N, D]; key and value likewise, with as many heads.
        key: of each token.
        value: of each token.
        scaling: of the scores; by default one over the root of D.
        window: how many tokens a token reads, itself counted; none for all before it.
        kernel: what computes the attention within sequences.
    """
    plan = _plan(packed, query.device)
    q, k, v = (states[0].transpose(0, 1) for states in (query, key, value))  # [N, H, D]
    if plan.keys is not None:
        k, v = (_Gathered.apply(states, plan) for states in (k, v))
    back = (-1, 0) if window is None or window >= plan.longest_k else (window - 1, 0)
    out = kernel(
        q.contiguous(),
        k.contiguous(),
        v.contiguous(),
        plan.ends_q,
        plan.ends_k,
        plan.longest_q,
        plan.longest_k,
        scale=scaling,
        window_size=back,
    )
    return out[None]


def _plan(packed: Packed, device: torch.device) -> Sequences:
    """The sequences of a row; made here where whoever packed it did not know that it would go to a card."""
    if packed.sequences is not None:
        return packed.sequences
    if Sequences not in packed.masks:
        packed.masks[Sequences] = sequences_of(packed.groups).moved(lambda tensor: sent(tensor, device))
    return packed.masks[Sequences]


class _Gathered(torch.autograd.Function):
    """[N, H, D] to [M, H, D], each token where its sequence and others read it.

    The gradient adds the copies up in a fixed order; that of `index_select` adds them up in whichever order a card
    comes by them.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, plan: Sequences) -> Tensor:
        """Copy."""
        assert plan.keys is not None, "asked for only where keys are copied"
        ctx.plan = plan
        return states.index_select(0, plan.keys)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """Add up."""
        (grad,) = grads
        total = grad.index_select(0, ctx.plan.homes)
        for places, among_keys in ctx.plan.copies:
            total.index_add_(0, places, grad.index_select(0, among_keys))
        return total, None


def written_out(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    cu_seq_q: Tensor,
    cu_seq_k: Tensor,
    max_q: int,
    max_k: int,
    *,
    scale: float | None,
    window_size: tuple[int, int],
) -> Tensor:
    """A `Kernel` in plain operations, one sequence after the other: what a card's kernel has to agree with."""
    assert cu_seq_q.dtype == cu_seq_k.dtype == torch.int32, "kernels of cards read no other"
    sizes_q, sizes_k = cu_seq_q.diff().tolist(), cu_seq_k.diff().tolist()
    assert max(sizes_q) == max_q and max(sizes_k) == max_k, "the longest sequences"
    rows = zip(query.split(sizes_q), key.split(sizes_k), value.split(sizes_k), strict=True)
    back = window_size[0] if window_size[0] >= 0 else max_k
    return torch.cat([_row(q, k, v, scale, back) for q, k, v in rows])


def _row(q: Tensor, k: Tensor, v: Tensor, scale: float | None, back: int) -> Tensor:
    """[n, H, D] of one sequence; its last query stands where its last key does."""
    scores = torch.einsum("nhd,mhd->hnm", q, k) * (q.shape[-1] ** -0.5 if scale is None else scale)
    at = torch.arange(len(k), device=q.device)
    away = at[len(k) - len(q) :, None] - at[None, :]
    scores = scores.masked_fill((away < 0) | (away > back), float("-inf"))
    return torch.einsum("hnm,mhd->nhd", scores.softmax(dim=-1, dtype=torch.float32).to(v.dtype), v)
