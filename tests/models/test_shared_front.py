"""Parts without masks, merged, are the masked call: outputs and gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from benchbench.models.shared_front import shared_front_attention


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
    for attention in (shared_front_attention, masked):
        out = attention(*inputs, prefix, suffixes, scaling)
        found.append((out, *torch.autograd.grad((out * weight).sum(), inputs)))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.bfloat16, 0.05)])
def test_other_precisions(dtype, tolerance):
    inputs, weight = tensors(40, dtype)
    found = []
    for attention in (shared_front_attention, masked):
        out = attention(*inputs, 10, (10, 0, 20), None)
        found.append((out, *torch.autograd.grad((out * weight).sum(), inputs)))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_another_suffix_changes_no_bit():
    (q, k, v), _ = tensors(30)
    before = shared_front_attention(q, k, v, 10, (10, 10), None)
    changed = []
    for each in (q, k, v):
        other = each.detach().clone()
        other[:, :, 20:] += 1
        changed.append(other)
    after = shared_front_attention(*changed, 10, (10, 10), None)
    assert torch.equal(before[:, :, :20], after[:, :, :20]) and not torch.equal(before[:, :, 20:], after[:, :, 20:])


def test_mixed_precisions_of_autocast_are_brought_together():
    (q, k, v), _ = tensors(30)
    assert shared_front_attention(q, k, v.bfloat16(), 10, (10, 10), None).dtype == torch.bfloat16
