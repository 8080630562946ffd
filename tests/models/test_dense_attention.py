"""Short examples as one batch of products: what attention with the mask written out gives, whatever is filled in."""

from __future__ import annotations

from itertools import accumulate

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from benchbench.core.packed import Segments
from benchbench.models.cpu_attention import Part, packed_attention
from benchbench.models.dense_attention import WASTED_PAIRS, block_of, runs

HEADS, SIZE = 3, 8
SHAPES = st.tuples(st.integers(0, 9), st.lists(st.integers(0, 9), min_size=1, max_size=4).map(tuple)).filter(
    lambda shape: shape[0] + sum(shape[1]) > 0
)


def placed(shapes):
    """Examples of (prefix, suffixes), one after the other."""
    starts = accumulate((prefix + sum(suffixes) for prefix, suffixes in shapes), initial=0)
    return [Segments(start, *shape) for start, shape in zip(starts, shapes, strict=False)]


def row(length, dtype=torch.float64, *, seed=0):
    """Query, key, value and a weight of each output; values in between of others, as a fused projection leaves them."""
    rng = torch.Generator().manual_seed(seed)
    q, k = (torch.randn(1, length, HEADS, SIZE, dtype=dtype, generator=rng).transpose(1, 2) for _ in range(2))
    v = torch.randn(1, length, HEADS, 3 * SIZE, dtype=dtype, generator=rng).transpose(1, 2)[..., :SIZE]
    weight = torch.randn(1, length, HEADS, SIZE, dtype=dtype, generator=rng).transpose(1, 2)
    return [each.clone().requires_grad_() for each in (q, k, v)], weight


def by_hand(inputs, groups, window, scaling):
    """Each example by itself, every pair of tokens asked for one by one."""
    outputs = []
    for group in groups:
        spans = [(0, 0, group.prefix)]
        for candidate, size in enumerate(group.suffixes, start=1):
            spans.append((candidate, group.prefix, size))
        tokens = [(candidate, front + i) for candidate, front, size in spans for i in range(size)]
        read = torch.tensor(
            [
                [
                    place <= mine and owner in (0, me) and (window is None or mine - place < window)
                    for owner, place in tokens
                ]
                for me, mine in tokens
            ]
        )
        at = slice(group.start, group.start + group.length)
        q, k, v = (each[:, :, at] for each in inputs)
        outputs.append(F.scaled_dot_product_attention(q, k, v, attn_mask=read, scale=scaling))
    return torch.cat(outputs, dim=2)


@settings(max_examples=60, deadline=None)
@given(
    shapes=st.lists(SHAPES, min_size=1, max_size=6),
    window=st.sampled_from([None, 1, 4]),
    scaling=st.sampled_from([None, 0.3]),
)
def test_outputs_and_gradients_are_those_of_each_example_by_itself(shapes, window, scaling):
    groups = placed(shapes)
    inputs, weight = row(sum(group.length for group in groups))
    block = block_of(groups, heads=HEADS, window=window, dtype=torch.float64)
    found = []
    for out in (
        packed_attention(*inputs, [block], scaling).transpose(1, 2),
        by_hand(inputs, groups, window, scaling),
    ):
        found.append((out, *torch.autograd.grad((out * weight).sum(), inputs)))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_blocks_and_longer_examples_stand_side_by_side():
    groups = placed([(3, (2, 4)), (5, (3, 3)), (6, (20, 9)), (4, (0, 3))])
    inputs, weight = row(sum(group.length for group in groups))
    options = {"heads": HEADS, "window": None, "dtype": torch.float64}
    parts = [block_of(groups[:2], **options), Part(groups[2], None), block_of(groups[3:], **options)]
    found = []
    for out in (packed_attention(*inputs, parts, None).transpose(1, 2), by_hand(inputs, groups, None, None)):
        found.append((out, *torch.autograd.grad((out * weight).sum(), inputs)))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_an_example_s_neighbours_change_no_bit_of_it():
    """Though it is filled up to their length, and the last place of what fills is theirs to read."""
    groups = placed([(3, (2, 4)), (6, (7, 5))])
    (q, k, v), _ = row(27, torch.float32)
    block = block_of(groups, heads=HEADS, window=None, dtype=torch.float32)
    before = packed_attention(q, k, v, [block], None)
    others = [each.detach().clone() for each in (q, k, v)]
    for each in others:
        each[:, :, 9:] += 1
    after = packed_attention(*others, [block], None)
    assert torch.equal(before[:, :9], after[:, :9]) and not torch.equal(before[:, 9:], after[:, 9:])


def test_autocast_leaves_the_products_in_float32():
    groups = placed([(3, (2, 4)), (6, (7, 5))])
    (q, k, v), _ = row(27, torch.float32)
    block = block_of(groups, heads=HEADS, window=None, dtype=torch.float32)
    plain = packed_attention(q, k, v, [block], None)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(packed_attention(q, k, v, [block], None), plain)


@given(st.lists(st.integers(1, 90), min_size=1, max_size=30).map(sorted))
def test_runs_keep_the_order_lose_nothing_and_waste_little(lengths):
    groups = placed([(0, (length,)) for length in lengths])
    found = list(runs(groups))
    assert [group for run in found for group in run] == groups
    for run in found:
        sizes = [group.length for group in run]
        assert len(sizes) * max(sizes) ** 2 - sum(size**2 for size in sizes) <= WASTED_PAIRS


@pytest.mark.parametrize("shapes", [[(0, (5,))] * 3, [(2, (3, 1))] * 2])
def test_examples_of_one_shape_need_no_places(shapes):
    block = block_of(placed(shapes), heads=HEADS, window=None, dtype=torch.float32)
    assert block.inside is None and block.places is None and block.mask.shape[0] == 1
