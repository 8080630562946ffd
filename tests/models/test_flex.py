"""FlexAttention reads exactly the pairs that the dense mask allows; forward alone, since CPUs have no more."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.core.packed import Packed, Segments
from benchbench.models import flex
from benchbench.models.attention import _capped
from benchbench.models.flex import BLOCK, block_mask, blocks_of, flex_rows

CPU = torch.device("cpu")


def packed_of(sizes: list[tuple[int, tuple[int, ...]]]) -> Packed:
    """A layout without tokens: prefix and suffixes of each example."""
    groups, start = [], 0
    for prefix, suffixes in sizes:
        groups.append(Segments(start, prefix, suffixes))
        start += groups[-1].length
    nothing = torch.zeros(0, dtype=torch.long)
    return Packed(nothing, nothing, tuple(groups), nothing, nothing, nothing, nothing)


def dense(packed: Packed, window: int | None) -> torch.Tensor:
    """[N, N] what each token may read, pair by pair as the layout is defined."""
    tokens = [
        (g, k, position)
        for g, group in enumerate(packed.groups)
        for k, (start, size) in enumerate([(0, group.prefix), *((group.prefix, size) for size in group.suffixes)])
        for position in range(start, start + size)
    ]
    g, k, at = (torch.tensor(row) for row in zip(*tokens, strict=True))
    away = at[:, None] - at[None, :]
    read = (g[:, None] == g) & ((k[None, :] == 0) | (k[:, None] == k)) & (away >= 0)
    return read if window is None else read & (away < window)


LAYOUTS = {
    "one block": [(3, (2, 4)), (5, (1, 1))],
    "several": [(140, (150, 37)), (0, (300, 20)), (129, (0, 140)), (64, (64, 64, 64))],
    "one long row": [(0, (700,)), (500, ())],
}


@pytest.mark.parametrize("window", [None, 1, 50, 200])
@pytest.mark.parametrize("name", LAYOUTS)
def test_the_mask_is_the_dense_one_and_no_block_that_is_read_is_left_out(name, window):
    require_exact(packed_of(LAYOUTS[name]), window)


def require_exact(packed: Packed, window: int | None) -> None:
    read = dense(packed, window)
    length = len(read)
    mask = block_mask(packed, window, CPU)
    at = torch.arange(length)
    assert torch.equal(mask.mask_mod(at[:1], at[:1], at[:, None], at[None, :]), read)
    touched, full = (torch.from_numpy(blocks) for blocks in blocks_of(packed.groups, window))
    padded = torch.zeros((len(touched) * BLOCK,) * 2, dtype=torch.bool)
    padded[:length, :length] = read
    inside = padded.reshape(len(touched), BLOCK, len(touched), BLOCK).transpose(1, 2)
    assert not (inside.any(dim=-1).any(dim=-1) & ~touched).any(), "a block that is read"
    assert not (full & ~inside.all(dim=-1).all(dim=-1)).any(), "a block of which some pairs are not read"
    assert not (full & ~touched).any()


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(
        st.tuples(st.integers(0, 300), st.lists(st.integers(0, 200), min_size=1, max_size=4).map(tuple)),
        min_size=1,
        max_size=4,
    ).filter(lambda sizes: sum(prefix + sum(suffixes) for prefix, suffixes in sizes) > 0),
    window=st.none() | st.integers(1, 300),
)
def test_whatever_the_segments(sizes, window):
    require_exact(packed_of(sizes), window)


def test_most_blocks_are_skipped_and_most_others_are_full():
    """Twenty examples of 1 024 tokens: each reads about an eighth of its own square, and none another's."""
    packed = packed_of([(512, (256, 256))] * 20)
    touched, full = blocks_of(packed.groups, None)
    assert touched.mean() < 0.05 and full.sum() > 0.5 * touched.sum()


@pytest.mark.parametrize("window", [None, 50])
@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_outputs_are_those_of_scores_written_out(window):
    packed = packed_of(LAYOUTS["several"])
    read = dense(packed, window)
    q, k, v = torch.randn(3, 1, 2, len(read), 16, generator=torch.Generator().manual_seed(0)).unbind()
    ours = flex_rows(packed, q, k, v, scaling=0.3, window=window, softcap=2.0)
    theirs = _capped(0.0, 0.3, 2.0)(q, k, v, read).transpose(1, 2)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def test_layers_share_the_mask():
    packed = packed_of(LAYOUTS["one block"])
    assert block_mask(packed, 4, CPU) is block_mask(packed, 4, CPU)
    assert block_mask(packed, 4, CPU) is not block_mask(packed, None, CPU)
    assert flex.BLOCK == 128
