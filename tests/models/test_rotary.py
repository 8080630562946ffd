"""Rotary positions in fewer operations: the same bits as transformers' own, or transformers' own."""

from __future__ import annotations

import pytest
import torch
from transformers.models.glm import modeling_glm
from transformers.models.gpt_neox import modeling_gpt_neox
from transformers.models.llama import modeling_llama

from benchbench.models import rotary
from benchbench.models.rotary import NAME, ORIGINAL, quick, use_quick_rotary

from .toys import tiny


@pytest.fixture(autouse=True)
def _restored(monkeypatch):
    """Files of transformers are left as they were."""
    for file in (modeling_gpt_neox, modeling_llama, modeling_glm):
        monkeypatch.setattr(file, NAME, getattr(getattr(file, NAME), ORIGINAL, getattr(file, NAME)))


def outputs_and_gradients(apply, *, size=8, dtype=torch.float32, unsqueeze_dim=1):
    rng = torch.Generator().manual_seed(1)
    fused = torch.randn(2, 7, 3, 24, generator=rng, dtype=dtype).requires_grad_()
    q, k, v = (fused if unsqueeze_dim == 2 else fused.transpose(1, 2)).chunk(3, dim=-1)
    cos, sin = (torch.randn(2, 7, size, generator=rng, dtype=dtype) for _ in range(2))
    found = apply(q, k, cos, sin, unsqueeze_dim=unsqueeze_dim)
    weights = [torch.randn(each.shape, generator=rng, dtype=dtype) for each in (*found, v)]
    return *found, *torch.autograd.grad([*found, v], fused, weights)


@pytest.mark.parametrize("file", [modeling_gpt_neox, modeling_llama])
@pytest.mark.parametrize("size", [8, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("unsqueeze_dim", [1, 2])
def test_the_same_bits(file, size, dtype, unsqueeze_dim):
    """Heads of 8 numbers, all of them turned, or the first 4 where the architecture has that."""
    if size == 4 and file is modeling_llama:
        pytest.skip("turns whole heads")
    apply = getattr(file, NAME)
    options = {"size": size, "dtype": dtype, "unsqueeze_dim": unsqueeze_dim}
    for ours, theirs in zip(
        outputs_and_gradients(quick(apply), **options), outputs_and_gradients(apply, **options), strict=True
    ):
        assert torch.equal(ours, theirs)


def test_a_quarter_turn_by_hand():
    """Cosine 0 and sine 1 take (x1, x2) to (-x2, x1)."""
    q = torch.tensor([[[[1.0, 2.0, 3.0, 4.0]]]])
    zeros, ones = torch.zeros(1, 1, 4), torch.ones(1, 1, 4)
    turned, _ = quick(modeling_llama.apply_rotary_pos_emb)(q, q, zeros, ones)
    assert turned.flatten().tolist() == [-3.0, -4.0, 1.0, 2.0]


def test_a_model_s_files_are_changed_once_and_its_numbers_not_at_all():
    model = tiny("gpt_neox")
    ids = torch.arange(12).reshape(2, 6)
    theirs = model(ids).logits
    use_quick_rotary(model)
    ours = modeling_gpt_neox.apply_rotary_pos_emb
    assert hasattr(ours, ORIGINAL)
    assert torch.equal(model(ids).logits, theirs)
    use_quick_rotary(model)
    assert modeling_gpt_neox.apply_rotary_pos_emb is ours


def test_functions_that_turn_otherwise_are_left_alone():
    """GLM turns neighbouring numbers and not halves."""
    assert not rotary._is_same(modeling_glm.apply_rotary_pos_emb)
    assert not rotary._is_same(lambda q, k, angles: (q, k))


def test_mixed_precisions_are_transformers_own():
    called = []

    def apply(q, k, cos, sin, unsqueeze_dim=1):
        called.append(q.dtype)
        return modeling_llama.apply_rotary_pos_emb(q, k, cos, sin, unsqueeze_dim)

    q = torch.randn(1, 2, 5, 8, dtype=torch.bfloat16)
    quick(apply)(q, q, torch.ones(1, 5, 8), torch.ones(1, 5, 8))
    assert called == [torch.bfloat16]
    quick(apply)(q.float(), q.float(), torch.ones(1, 5, 8), torch.ones(1, 5, 8))
    assert len(called) == 1
