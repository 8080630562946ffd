"""Which attention kernel a card computes packed rows with; the choice is made from what each kernel can do."""

from __future__ import annotations

from functools import cache
from typing import cast

import torch
from torch import Tensor
from torch.nn.attention.varlen import varlen_attn

from benchbench.core.packed import Packed
from benchbench.models.flex import flex_rows
from benchbench.models.varlen import Kernel, varlen_attention

_HALF = (torch.bfloat16, torch.float16)
_WIDEST_HEAD = 256
"""Values of a head that FlashAttention takes, a multiple of eight."""
_FLASH_CAPABILITY = (8, 0)
"""Of cards; older ones have no FlashAttention."""


def card_attention(
    packed: Packed,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    dropout: float,
    scaling: float | None,
    window: int | None,
    softcap: float | None,
) -> Tensor | None:
    """[1, N, H, D] attention of a packed row by a kernel of the card; none where it is left to the loop over examples.

    The loop is for processors, for attention dropout, and for what no kernel takes: float32 without a soft cap, heads
    of another width, and old cards.
    """
    name = kernel_for(query, dropout, softcap)
    if name == "loop":
        return None
    states = [tensor.to(_precision(query)) for tensor in (query, key, value)]  # under autocast they may differ
    if name == "flex":
        assert softcap is not None, "what flex is chosen for"
        return flex_rows(packed, *states, scaling=scaling, window=window, softcap=softcap)
    kernel = cast("Kernel", varlen_attn)  # asked for no more than its output
    return varlen_attention(packed, *states, scaling=scaling, window=window, kernel=kernel)


def kernel_for(query: Tensor, dropout: float, softcap: float | None) -> str:
    """`varlen`, `flex` or `loop`, for queries [1, H, N, D]."""
    if query.device.type != "cuda" or dropout > 0:
        return "loop"
    if softcap is not None:
        return "flex" if _is_power_of_two(query.shape[-1]) else "loop"
    half, width = _precision(query) in _HALF, query.shape[-1]
    fits = width % 8 == 0 and width <= _WIDEST_HEAD
    return "varlen" if half and fits and _capability(query.device) >= _FLASH_CAPABILITY else "loop"


def _precision(states: Tensor) -> torch.dtype:
    """What attention computes in: that of autocast, or the states' own."""
    kind = states.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else states.dtype


def _is_power_of_two(width: int) -> bool:
    """Heads of other widths are refused by FlexAttention's compiled kernel, or take a slow path in it."""
    return width >= 16 and width & (width - 1) == 0


@cache
def _capability(device: torch.device) -> tuple[int, int]:
    return torch.cuda.get_device_capability(device)
