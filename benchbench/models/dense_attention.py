"""Attention of short examples on CPU: several of them as one batch of small matrix products.

The flash kernel is made for long rows. Where examples are short, its calls and its blocks cost more than what they
save: 16 pairs of 46 tokens on average (4 heads of 32, one Zen 4 core) take 1.4 ms forward and backward as products and
softmax written out, and 3.6 in a call of the kernel for each. Shorter examples of a block are filled up to its longest;
what is filled in is read by nothing, since its weights are zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchbench.core.packed import Segments

_SOFTMAX_BACKWARD = torch.ops.aten._softmax_backward_data

LONGEST = 192
"""Tokens of an example up to which the written-out products are quicker, for heads of 32 and of 64."""
WASTED_PAIRS = 4096
"""Pairs of tokens that may be computed in vain before another block is begun; as long as a block's own calls take."""


class Dense(NamedTuple):
    """G examples that stand side by side in the packed row, as one batch of L tokens each."""

    start: int
    """Index of the first token in the packed row."""
    stop: int
    """Index after the last."""
    examples: int
    """G."""
    length: int
    """L, of the longest."""
    mask: Tensor
    """[1 or G * H, L, L] additive: zero where a token is read, minus infinity elsewhere."""
    inside: Tensor | None
    """[G * H * L] row among the block's (token, head) rows of each place; none where all examples are as long."""
    places: Tensor | None
    """[n * H] place of each (token, head) row: what `inside` says, the other way round."""
    filled: Tensor | None
    """Places that were filled in."""

    def gather(self, states: Tensor) -> Tensor:
        """[G * H, L, D] of [N, H, D]."""
        here = states[self.start : self.stop]
        heads, size = here.shape[1:]
        if self.inside is None:
            rows = here.unflatten(0, (self.examples, self.length)).transpose(1, 2)
        else:
            rows = here.reshape(-1, size).index_select(0, self.inside)
        return rows.reshape(self.examples * heads, self.length, size)

    def scatter(self, rows: Tensor, into: Tensor) -> None:
        """Write [G * H, L, D] where it belongs in a contiguous [N, H, D]."""
        there = into[self.start : self.stop]
        heads, size = there.shape[1:]
        if self.places is None:
            whole = there.unflatten(0, (self.examples, self.length)).transpose(1, 2)
            whole.copy_(rows.unflatten(0, (self.examples, heads)))
        else:
            torch.index_select(rows.view(-1, size), 0, self.places, out=there.view(-1, size))


def forward(block: Dense, rows: Sequence[Tensor], scale: float) -> tuple[Tensor, Tensor]:
    """Output and weights of a block, [G * H, L, D] and [G * H, L, L], from its query, key and value."""
    query, key, value = rows
    weights = torch.baddbmm(block.mask, query, key.transpose(1, 2), alpha=scale).softmax(dim=-1)
    if block.filled is not None:
        weights.view(-1, block.length).index_fill_(0, block.filled, 0.0)
    return torch.bmm(weights, value), weights


def backward(grad: Tensor, tensors: Sequence[Tensor], scale: float) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of a block's query, key and value, [G * H, L, D] each.

    Args:
        grad: of its output.
        tensors: its query, key, value and weights.
        scale: of the scores.
    """
    query, key, value, weights = tensors
    grad_value = torch.bmm(weights.transpose(1, 2), grad)
    grad_weights = torch.bmm(grad, value.transpose(1, 2))
    grad_scores = _SOFTMAX_BACKWARD(grad_weights, weights, -1, weights.dtype)
    grad_query = torch.baddbmm(query, grad_scores, key, beta=0, alpha=scale)
    grad_key = torch.baddbmm(key, grad_scores.transpose(1, 2), query, beta=0, alpha=scale)
    return grad_query, grad_key, grad_value


def runs(groups: Sequence[Segments]) -> Iterator[Sequence[Segments]]:
    """Short examples in runs that make a block each; their lengths rise along the packed row (`packing.pack`)."""
    start = 0
    for stop in range(1, len(groups) + 1):
        lengths = [group.length for group in groups[start:stop]]
        if len(lengths) * max(lengths) ** 2 - sum(length**2 for length in lengths) > WASTED_PAIRS:
            yield groups[start : stop - 1]
            start = stop - 1
    if start < len(groups):
        yield groups[start:]


def block_of(groups: Sequence[Segments], *, heads: int, window: int | None, dtype: torch.dtype) -> Dense:
    """The block of examples that stand side by side.

    Args:
        groups: the examples.
        heads: of the attention.
        window: positions that a token reads, its own included; none for all before it.
        dtype: of the mask.
    """
    lengths = np.array([group.length for group in groups])
    start, stop, longest = groups[0].start, groups[0].start + int(lengths.sum()), int(lengths.max())
    is_token = np.arange(longest) < lengths[:, None]  # [G, L]
    alike = all((group.prefix, group.suffixes) == (groups[0].prefix, groups[0].suffixes) for group in groups)
    shown = groups[:1] if alike else groups
    position, owner = (np.zeros((len(shown), longest), np.int64) for _ in range(2))
    for g, group in enumerate(shown):
        position[g, : group.length], owner[g, : group.length] = _places(group)
    mask = _mask(torch.from_numpy(position), torch.from_numpy(owner), window, dtype)
    if alike:
        return Dense(start, stop, len(groups), longest, mask, None, None, None)
    mask = mask.masked_fill_(~torch.from_numpy(is_token)[:, None, :], float("-inf"))
    mask = mask[:, None].expand(-1, heads, -1, -1).reshape(-1, longest, longest)
    if is_token.all():
        return Dense(start, stop, len(groups), longest, mask, None, None, None)
    first = np.cumsum(lengths) - lengths
    token = np.where(is_token, first[:, None] + np.arange(longest), first[:, None])  # [G, L]; what fills is the first
    inside = token[:, None, :] * heads + np.arange(heads)[:, None]  # [G, H, L]
    place = np.arange(inside.size).reshape(inside.shape)
    every = np.broadcast_to(is_token[:, None, :], inside.shape)
    places = place.transpose(0, 2, 1)[is_token]  # [n, H]
    rows = (inside.reshape(-1), places.reshape(-1), place[~every])
    return Dense(start, stop, len(groups), longest, mask, *(torch.from_numpy(row) for row in rows))


def _places(group: Segments) -> tuple[np.ndarray, np.ndarray]:
    """[n] position of each token of an example in its unpacked row, and the candidate it is of; 0 for the front."""
    sizes = (group.prefix, *group.suffixes)
    fronts = (0, *(group.prefix for _ in group.suffixes))
    position = np.concatenate([np.arange(front, front + size) for front, size in zip(fronts, sizes, strict=True)])
    return position, np.repeat(np.arange(len(sizes)), sizes)


def _mask(position: Tensor, owner: Tensor, window: int | None, dtype: torch.dtype) -> Tensor:
    """[G, L, L] additive mask: earlier positions of the front and of the token's own candidate are read.

    What fills an example up reads like its first token, and so at least that one; a softmax over nothing is no number.
    """
    away = position[:, :, None] - position[:, None, :]
    read = (away >= 0) & ((owner[:, None, :] == 0) | (owner[:, :, None] == owner[:, None, :]))
    if window is not None:
        read &= away < window
    return torch.zeros(read.shape, dtype=dtype).masked_fill_(~read, float("-inf"))
