"""From padded token rows to one packed row: no padding, shared fronts once, only inputs that are needed.

Pure; knows no model. What each model makes of it is `models.attention`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from benchbench.core.packed import Packed, Segments

Row = Sequence[int] | np.ndarray
"""Token ids of one row."""


def pack(tokens: Tensor, attention: Tensor, response: Tensor, *, share: bool = True, whole: bool = False) -> Packed:
    """Pack right-padded rows.

    Args:
        tokens: [B, K, T] token ids.
        attention: [B, K, T] bool, true where a token is real.
        response: [B, K, T] bool, true where a token is scored; never the first of a row.
        share: encode the longest common front of an example's candidates once. It is not "the prompt": rows that were
            cut from the left, candidates that begin alike, identical candidates and one that continues another all
            follow from this one rule.
        whole: take every real token; else only those that a later, scored token of their row needs, so that the last
            token of a row and rows without a response are left out.
    """
    rows, device = tokens.cpu().numpy(), tokens.device
    used = _used(attention.cpu().numpy() if whole else response.cpu().numpy()[..., 1:])  # [B, K]
    places = np.full(rows.shape, -1, dtype=np.int64)
    ids: list[np.ndarray] = []
    positions: list[np.ndarray] = []
    groups: list[Segments] = []
    start = 0
    for b, prefix, suffixes in _by_shape(rows, used.tolist(), share=share):
        lengths = used[b].tolist()
        front = next((row for row, length in zip(rows[b], lengths, strict=True) if length), rows[b, 0])
        ids.append(front[:prefix])
        positions.append(np.arange(prefix))
        at = start + prefix
        for k, (length, size) in enumerate(zip(lengths, suffixes, strict=True)):
            ids.append(rows[b, k, prefix : prefix + size])
            positions.append(np.arange(prefix, prefix + size))
            places[b, k, : min(prefix, length)] = np.arange(start, start + min(prefix, length))
            places[b, k, prefix : prefix + size] = np.arange(at, at + size)
            at += size
        groups.append(Segments(start, prefix, suffixes))
        start = at
    if not groups:  # nothing is scored; one token keeps the model, and whoever asks for a gradient, at work
        ids, positions, groups = [rows[0, 0, :1]], [np.zeros(1, dtype=np.int64)], [Segments(0, 1, (0,) * rows.shape[1])]
        places[0, 0, 0] = 0
    scored = torch.from_numpy(places)[..., :-1][response[..., 1:].cpu()]
    return Packed(
        ids=torch.from_numpy(np.concatenate(ids)).to(device),
        positions=torch.from_numpy(np.concatenate(positions)).to(device),
        groups=tuple(groups),
        sources=scored.to(device),
        targets=tokens[..., 1:][response[..., 1:]],
        slots=response.cpu().flatten().nonzero().squeeze(1).to(device),
        places=torch.from_numpy(places).to(device),
        whole=whole,
    )


def _by_shape(
    rows: np.ndarray, used: Sequence[Sequence[int]], *, share: bool
) -> list[tuple[int, int, tuple[int, ...]]]:
    """(example, prefix, suffixes) of every example with any token, by length, those of one shape side by side.

    Attention takes examples of one shape, or of about one length, in one call; nothing else depends on their order.
    """
    shapes: list[tuple[int, int, tuple[int, ...]]] = []
    for b, lengths in enumerate(used):
        prefix = shared_front(rows[b], lengths) if share else 0
        suffixes = tuple(max(0, length - prefix) for length in lengths)
        if prefix + sum(suffixes):
            shapes.append((b, prefix, suffixes))
    return sorted(shapes, key=lambda shape: (shape[1] + sum(shape[2]), *shape[1:]))


def packed_length(rows: Sequence[Row], lengths: Sequence[int], *, share: bool = True) -> int:
    """Tokens that one example takes in a packed row.

    Args:
        rows: its K token rows.
        lengths: of each row, the tokens that are inputs.
        share: as in `pack`.
    """
    prefix = shared_front(rows, lengths) if share else 0
    return prefix + sum(max(0, length - prefix) for length in lengths)


def shared_front(rows: Sequence[Row] | np.ndarray, lengths: Sequence[int]) -> int:
    """Length of the longest front that all rows with any token share, each row ending at its own length."""
    taken = [np.asarray(row)[:length] for row, length in zip(rows, lengths, strict=True) if length]
    if not taken:
        return 0
    first = taken[0]
    front = len(first)
    for row in taken[1:]:
        front = min(front, len(row))
        unlike = np.flatnonzero(first[:front] != row[:front])
        front = int(unlike[0]) if len(unlike) else front
    return front


def _used(marks: np.ndarray) -> np.ndarray:
    """[B, K] number of tokens up to the last marked one of each row; 0 for rows without a mark."""
    return (marks * np.arange(1, marks.shape[-1] + 1)).max(axis=-1, initial=0)
