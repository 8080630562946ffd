"""Attention over packed rows, registered with transformers as `bench`.

The layout rides on the argument `attention_mask`: a [1, 1, 1, 1] tensor with the attribute `bench_packed`, since
transformers hands any 4-D mask through to every layer of every architecture and makes no mask of its own then. Without
that attribute the function is transformers' own `sdpa`, so that padded rows, `generate` and cached decoding are what
they were; but for scores that are soft-capped, which `sdpa` leaves out without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from benchbench.core.packed import Packed, Segments
from benchbench.models import dense_attention
from benchbench.models.cpu_attention import Part, compute_dtype, mask_pays, packed_attention
from benchbench.models.dense_attention import Dense
from benchbench.models.kernels import card_attention

NAME = "bench"
"""What transformers knows the function as; never written to a config.json."""
LAYOUT = "bench_packed"
"""Attribute of the carrier that holds the layout."""

Scores = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]
"""(query, key, value, mask or none for causal) -> output, each [1, H, n, D]."""


def carrier(packed: Packed) -> Tensor:
    """The attention mask that carries a layout through a model."""
    mask = torch.ones((1, 1, 1, 1), dtype=torch.bool, device=packed.ids.device)
    setattr(mask, LAYOUT, packed)
    return mask


def bench_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """Attention of one layer: [1, H, N, D] over packed rows, anything else as transformers' sdpa.

    Raises:
        RuntimeError: the layout was lost on its way, or the layer asks for something that packed rows do not know.
    """
    packed: Packed | None = getattr(attention_mask, LAYOUT, None)
    if packed is None:
        if attention_mask is not None and attention_mask.shape[-2:] == (1, 1) and query.shape[2] > 1:
            raise RuntimeError(f"{type(module).__name__}: the packed layout was lost on its way to the attention")
        if softcap is not None:
            return _capped_rows(module, query, key, value, attention_mask, dropout, scaling, softcap), None
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **others
        )
    unknown = sorted(name for name in ("position_bias", "s_aux", "head_mask") if others.get(name) is not None)
    if unknown:
        raise RuntimeError(f"{type(module).__name__}: packed rows do not know {', '.join(unknown)}")
    packed.windows.add(sliding_window)
    groups = getattr(module, "num_key_value_groups", 1)
    key, value = repeat_kv(key, groups), repeat_kv(value, groups)
    if (out := card_attention(packed, query, key, value, dropout, scaling, sliding_window, softcap)) is not None:
        return out, None
    if softcap is None and dropout == 0.0 and query.device.type == "cpu":
        parts = _parts(packed, sliding_window, compute_dtype(value.dtype), query.shape[1])
        return packed_attention(query, key, value, parts, scaling), None
    scores = _sdpa(dropout, scaling) if softcap is None else _capped(dropout, scaling, softcap)
    sizes = [group.length for group in packed.groups]
    rows = zip(query.split(sizes, 2), key.split(sizes, 2), value.split(sizes, 2), strict=True)
    examples = zip(rows, enumerate(packed.groups), strict=True)
    outputs = [scores(*row, _read(packed, g, group, sliding_window, query)) for row, (g, group) in examples]
    return torch.cat([output.transpose(1, 2) for output in outputs], dim=1), None


def _parts(packed: Packed, window: int | None, dtype: torch.dtype, heads: int) -> list[Part | Dense]:
    """The examples with their masks, which all layers of a kind share; short ones together."""
    key = ("parts", window, dtype, heads)
    if key not in packed.masks:
        short = [group.length <= dense_attention.LONGEST for group in packed.groups]
        parts: list[Part | Dense] = []
        for is_short, numbered in groupby(enumerate(packed.groups), key=lambda numbered: short[numbered[0]]):
            if is_short:
                runs = dense_attention.runs([group for _, group in numbered])
                parts += [dense_attention.block_of(run, heads=heads, window=window, dtype=dtype) for run in runs]
            else:
                parts += _long(packed, list(numbered), window, dtype)
        packed.masks[key] = parts
    return packed.masks[key]


def _long(
    packed: Packed, numbered: Sequence[tuple[int, Segments]], window: int | None, dtype: torch.dtype
) -> Iterator[Part]:
    """A part for each example, or for several of one shape, which stand side by side (`pack`)."""
    like = torch.empty(0, dtype=dtype)
    for _, same in groupby(numbered, key=lambda each: (each[1].prefix, each[1].suffixes)):
        (g, group), *others = same
        mask = None if _needs_none(group, window) else _read(packed, g, group, window, like)
        yield Part(group, mask, 1 + len(others))


def _needs_none(group: Segments, window: int | None) -> bool:
    """Whether an example of several candidates is read in parts without a mask."""
    if group.branches < 2 or (window is not None and window < group.length):
        return False
    return group.prefix == 0 or not mask_pays(group)


def _read(packed: Packed, g: int, group: Segments, window: int | None, like: Tensor) -> Tensor | None:
    """What an example's tokens may read; none for one causal row."""
    if group.branches > 1:
        return _mask(packed, g, group, window, like)
    return _window_mask(packed, group.length, window, like)


def _mask(packed: Packed, g: int, group: Segments, window: int | None, like: Tensor) -> Tensor:
    """[n, n] what an example's tokens may read: earlier positions of the prefix and of their own suffix."""
    key = (g, window, like.dtype)
    if key not in packed.masks:
        at = torch.arange(group.length, device=like.device)
        owner = torch.zeros_like(at)
        position = at.clone()
        start = group.prefix
        for number, size in enumerate(group.suffixes, start=1):
            owner[start : start + size] = number
            position[start : start + size] = torch.arange(group.prefix, group.prefix + size, device=like.device)
            start += size
        away = position[:, None] - position[None, :]
        read = (away >= 0) & ((owner[None, :] == 0) | (owner[:, None] == owner[None, :]))
        if window is not None:
            read &= away < window
        packed.masks[key] = _additive(read, like.dtype)
    return packed.masks[key]


def _window_mask(packed: Packed, length: int, window: int | None, like: Tensor) -> Tensor | None:
    """[n, n] a causal window; none where it is wider than the row, so that the kernel's own causal path is taken."""
    if window is None or length <= window:
        return None
    key = (length, window, like.dtype)
    if key not in packed.masks:
        at = torch.arange(length, device=like.device)
        away = at[:, None] - at[None, :]
        packed.masks[key] = _additive((away >= 0) & (away < window), like.dtype)
    return packed.masks[key]


def _additive(read: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.zeros(read.shape, dtype=dtype, device=read.device).masked_fill_(~read, float("-inf"))


def _sdpa(dropout: float, scaling: float | None) -> Scores:
    def scores(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        return F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, dropout_p=dropout, scale=scaling, is_causal=mask is None and q.shape[2] > 1
        )

    return scores


def _capped(dropout: float, scaling: float | None, softcap: float) -> Scores:
    """Scores bounded by softcap * tanh(scores / softcap), as Gemma 2 has them; sdpa knows no such thing."""

    def scores(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        scale = q.shape[-1] ** -0.5 if scaling is None else scaling
        weights = softcap * torch.tanh(q @ k.transpose(2, 3) * scale / softcap)
        if mask is None:
            later = torch.ones(weights.shape[-2:], dtype=torch.bool, device=q.device)
            weights = weights.masked_fill(later.triu(1 + k.shape[2] - q.shape[2]), float("-inf"))
        elif mask.dtype == torch.bool:
            weights = weights.masked_fill(~mask, torch.finfo(weights.dtype).min)  # a row of padding reads nothing
        else:
            weights = weights + mask
        shares = F.dropout(weights.softmax(dim=-1, dtype=torch.float32).to(v.dtype), dropout, training=dropout > 0)
        return shares @ v

    return scores


def _capped_rows(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    dropout: float,
    scaling: float | None,
    softcap: float,
) -> Tensor:
    """[B, N, H, D] soft-capped attention over padded rows or a cache, with the mask that sdpa would be given."""
    groups = getattr(module, "num_key_value_groups", 1)
    key, value = repeat_kv(key, groups), repeat_kv(value, groups)
    out = _capped(dropout, scaling, softcap)(query, key, value, mask)
    return out.transpose(1, 2).contiguous()


AttentionInterface.register(NAME, bench_attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
