"""Soft-capped attention over a packed row on a card: FlexAttention, which takes changed scores and skips blocks.

The blocks are read off the segments; `create_block_mask` would evaluate every pair of N tokens in every step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, flex_attention

from benchbench.core.batch import sent
from benchbench.core.packed import Packed, Segments

BLOCK = 128
"""Tokens on each side of a block."""


def flex_rows(
    packed: Packed,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    scaling: float | None,
    window: int | None,
    softcap: float,
) -> Tensor:
    """[1, N, H, D] attention of a packed row whose scores are bounded by softcap * tanh(scores / softcap)."""
    mask = block_mask(packed, window, query.device)

    def capped(score: Tensor, *place: Tensor) -> Tensor:
        return softcap * torch.tanh(score / softcap)

    attend = _compiled() if query.device.type == "cuda" else flex_attention
    out: Any = attend(query, key, value, score_mod=capped, block_mask=mask, scale=scaling)
    return out.transpose(1, 2).contiguous()


@cache
def _compiled() -> Callable[..., Any]:
    """One compiled kernel for rows of every length; without compilation all scores would be written out."""
    return torch.compile(flex_attention, dynamic=True)


def block_mask(packed: Packed, window: int | None, device: torch.device) -> BlockMask:
    """What the tokens of a packed row may read; made once per row and window, without asking the card anything."""
    name = (BlockMask, window)
    if name not in packed.masks:
        packed.masks[name] = _block_mask(packed.groups, window, device)
    return packed.masks[name]


def _block_mask(groups: Sequence[Segments], window: int | None, device: torch.device) -> BlockMask:
    example, owner, position = (sent(torch.from_numpy(row), device) for row in _places(groups))

    def readable(b: Tensor, h: Tensor, q: Tensor, k: Tensor) -> Tensor:
        mine = (owner[k] == 0) | (owner[k] == owner[q])
        away = position[q] - position[k]
        read = (example[q] == example[k]) & mine & (away >= 0)
        return read if window is None else read & (away < window)

    length = sum(group.length for group in groups)
    touched, full = blocks_of(groups, window)
    tables = [sent(table, device) for blocks in (touched & ~full, full) for table in _table(blocks)]
    return BlockMask.from_kv_blocks(*tables, BLOCK_SIZE=BLOCK, mask_mod=readable, seq_lengths=(length, length))


def _places(groups: Sequence[Segments]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """[N] example, candidate that alone has the token or 0, and position, of each token."""
    sizes = [(g, number, size) for g, group in enumerate(groups) for number, size in _segments(group)]
    example = np.repeat([g for g, _, _ in sizes], [size for _, _, size in sizes])
    owner = np.repeat([number for _, number, _ in sizes], [size for _, _, size in sizes])
    starts = [groups[g].prefix if number else 0 for g, number, _ in sizes]
    position = np.concatenate(
        [np.arange(start, start + size) for start, (_, _, size) in zip(starts, sizes, strict=True)]
    )
    return example.astype(np.int64), owner.astype(np.int64), position.astype(np.int64)


def _segments(group: Segments) -> list[tuple[int, int]]:
    """Number and size: 0 for the prefix, from 1 on for the candidates."""
    return list(enumerate((group.prefix, *group.suffixes)))


def blocks_of(groups: Sequence[Segments], window: int | None) -> tuple[np.ndarray, np.ndarray]:
    """[Q, K] blocks of which any pair of tokens may be read, and those of which every pair may.

    The first may hold blocks of which, with a window, no pair is read; the mask settles it. A block counts as full only
    where it lies in one segment and reads one, which is enough for nearly all.
    """
    count = -(-sum(group.length for group in groups) // BLOCK)
    touched, full = (np.zeros((count, count), dtype=bool) for _ in range(2))
    for group in groups:
        starts = np.cumsum([group.start, group.prefix, *group.suffixes])
        for number, size in _segments(group):
            if not size:
                continue
            start = int(starts[number])
            _mark(touched, full, start, start, size, size, 0, window)
            if number and group.prefix:
                _mark(touched, full, start, group.start, size, group.prefix, group.prefix, window)
    return touched, full


def _mark(
    touched: np.ndarray, full: np.ndarray, q: int, k: int, queries: int, keys: int, ahead: int, window: int | None
) -> None:
    """Mark the blocks in which a run of queries reads a run of keys.

    The runs begin at indices q and k of the row; the first query stands `ahead` positions behind the first key.
    """
    for row in range(q // BLOCK, (q + queries - 1) // BLOCK + 1):
        # positions of the block's first and last query, counted from the first key's
        low, high = max(q, row * BLOCK) - q + ahead, min(q + queries, (row + 1) * BLOCK) - 1 - q + ahead
        first = 0 if window is None else max(0, low - window + 1)
        last = min(keys - 1, high)
        if first > last:
            continue
        inside = q <= row * BLOCK and (row + 1) * BLOCK <= q + queries
        for column in range((k + first) // BLOCK, (k + last) // BLOCK + 1):
            touched[row, column] = True
            start, stop = column * BLOCK - k, (column + 1) * BLOCK - k
            whole = inside and start >= 0 and stop <= keys and stop - 1 <= low
            full[row, column] = whole and (window is None or high - start < window)


def _table(blocks: np.ndarray) -> tuple[Tensor, Tensor]:
    """[1, 1, Q] number of blocks in each row, and [1, 1, Q, K] their columns, those that count first."""
    counts = blocks.sum(axis=1).astype(np.int32)
    columns = np.argsort(~blocks, axis=1, kind="stable").astype(np.int32)
    return torch.from_numpy(counts)[None, None], torch.from_numpy(columns)[None, None]
