"""Embeddings of prompts."""

from __future__ import annotations

import pytest
import torch

from benchbench.models import load, prompt_embedding
from benchbench.models.prompt_embedding import embedded
from tests.training.toys import PAD, model

PROMPTS = [[5, 6, 7], [8], [9, 10, 11, 12], [5, 6, 7], [13, 14]]


def by_hand(policy, prompt):
    """The prompt alone, without padding."""
    with torch.no_grad():
        return policy.base_model(input_ids=torch.tensor([prompt])).last_hidden_state[0].mean(dim=0)


@pytest.mark.parametrize("row_tokens", [1, 8, 2**13])
def test_each_is_the_mean_of_its_own_states_whatever_stands_beside_it(monkeypatch, row_tokens):
    monkeypatch.setattr(prompt_embedding, "ROW_TOKENS", row_tokens)
    policy = model().eval()
    found = embedded(policy, PROMPTS, pad=PAD)
    assert found.shape == (5, 16) and found.dtype == torch.float64 and not found.requires_grad
    torch.testing.assert_close(found, torch.stack([by_hand(policy, prompt) for prompt in PROMPTS]))


def test_a_model_of_low_precision_is_averaged_in_float32():
    assert embedded(model(dtype=torch.bfloat16).eval(), PROMPTS, pad=PAD).dtype == torch.float32


def test_adapters_are_read():
    policy = model().eval()
    plain = embedded(policy, PROMPTS, pad=PAD)
    lora = {"lora_r": 2, "lora_alpha": 4, "lora_dropout": 0.0, "lora_target_modules": ["query_key_value"]}
    adapted = load.add_lora(policy, lora, seed=0).eval()
    torch.testing.assert_close(embedded(adapted, PROMPTS, pad=PAD), plain)
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.fill_(0.1)
    assert (embedded(adapted, PROMPTS, pad=PAD) - plain).abs().max() > 1e-3
