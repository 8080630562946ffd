"""Parts without masks, merged, are the masked call: outputs and gradients; so are examples one after another."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from benchbench.core.packed import Segments
from benchbench.models.cpu_attention import Part, packed_attention


def in_parts(q, k, v, prefix, suffixes, scaling):
    """[1, H, n, D] without a mask."""
    return packed_attention(q, k, v, [Part(Segments(0, prefix, tuple(suffixes)), None)], scaling).transpose(1, 2)


def masked(q, k, v, prefix, suffixes, scaling):
    """One call with the mask written out."""
    owner = torch.tensor([0] * prefix + [n for n, size in enumerate(suffixes, start=1) for _ in range(size)])
    place = torch.arange(prefix).tolist() + [prefix + i for size in suffixes for i in range(size)]
    place = torch.tensor(place)
    read = (place[:, None] >= place) & ((owner == 0) | (owner[:, None] == owner))
    return F.scaled_dot_product_attention(q, k, v, attn_mask=read, scale=scaling)


def tensors(length, dtype=torch.float32, *, seed=0):
    rng = torch.Generator().manual_seed(seed)
    drawn = (torch.randn(1, length, 2, 8, dtype=dtype, generator=rng).transpose(1, 2) for _ in range(4))
    q, k, v, weight = drawn
    return [each.requires_grad_() for each in (q, k, v)], weight


@settings(max_examples=40, deadline=None)
@given(
    prefix=st.integers(1, 70),
    suffixes=st.lists(st.integers(0, 70), min_size=2, max_size=8).filter(lambda sizes: sum(n > 0 for n in sizes) > 1),
    scaling=st.sampled_from([None, 0.3]),
)
def test_outputs_and_gradients_are_those_of_the_mask(prefix, suffixes, scaling):
    inputs, weight = tensors(prefix + sum(suffixes))
    found = []
    for attention in (in_parts, masked):
        out = attention(*inputs, prefix, suffixes, scaling)
        found.append((out, *torch.autograd.grad((out * weight).sum(), inputs)))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.bfloat16, 0.05)])
def test_other_precisions(dtype, tolerance):
    inputs, weight = tensors(40, dtype)
    found = []
    for attention in (in_parts, masked):
        out = attention(*inputs, 10, (10, 0, 20), None)
        found.append((out, *torch.autograd.grad((out * weight).sum(), inputs)))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_another_suffix_changes_no_bit():
    (q, k, v), _ = tensors(30)
    before = in_parts(q, k, v, 10, (10, 10), None)
    changed = []
    for each in (q, k, v):
        other = each.detach().clone()
        other[:, :, 20:] += 1
        changed.append(other)
    after = in_parts(*changed, 10, (10, 10), None)
    assert torch.equal(before[:, :, :20], after[:, :, :20]) and not torch.equal(before[:, :, 20:], after[:, :, 20:])


def test_mixed_precisions_of_autocast_are_brought_together():
    (q, k, v), _ = tensors(30)
    assert in_parts(q, k, v.bfloat16(), 10, (10, 10), None).dtype == torch.bfloat16


def test_examples_stand_side_by_side():
    """A causal row, rows that share nothing, a masked example and one in parts, each as if it were alone."""
    groups = [Segments(0, 5, (0,)), Segments(5, 0, (4, 6)), Segments(15, 3, (4, 5)), Segments(27, 6, (3, 4))]
    inputs, weight = tensors(40)
    mask = torch.zeros(12, 12).masked_fill_(torch.ones(12, 12).triu(1).bool(), float("-inf"))
    parts = [Part(group, mask if number == 2 else None) for number, group in enumerate(groups)]
    together = packed_attention(*inputs, parts, None).transpose(1, 2)
    grads = torch.autograd.grad((together * weight).sum(), inputs)
    for group, read, _ in parts:
        here = slice(group.start, group.start + group.length)
        own = [each.detach()[:, :, here].clone().requires_grad_() for each in inputs]
        alone = packed_attention(*own, [Part(Segments(0, group.prefix, group.suffixes), read)], None).transpose(1, 2)
        assert torch.equal(alone, together[:, :, here])
        for ours, whole in zip(torch.autograd.grad((alone * weight[:, :, here]).sum(), own), grads, strict=True):
            assert torch.equal(ours, whole[:, :, here])


@pytest.mark.parametrize("shape", [(5, (0,)), (0, (4, 3)), (2, (3, 4))])
@pytest.mark.parametrize("read", ["in parts", "masked"])
def test_examples_of_one_shape_are_one_call(shape, read):
    """The same bits as one after another."""
    prefix, suffixes = shape
    length = prefix + sum(suffixes)
    inputs, weight = tensors(3 * length)
    mask = None
    if read == "masked":
        mask = torch.zeros(length, length).masked_fill_(torch.ones(length, length).triu(1).bool(), float("-inf"))
    together = [Part(Segments(0, prefix, suffixes), mask, 3)]
    apart = [Part(Segments(n * length, prefix, suffixes), mask) for n in range(3)]
    found = []
    for parts in (together, apart):
        out = packed_attention(*inputs, parts, None).transpose(1, 2)
        found.append((out, *torch.autograd.grad((out * weight).sum(), inputs)))
    for ours, others in zip(*found, strict=True):
        assert torch.equal(ours, others)
