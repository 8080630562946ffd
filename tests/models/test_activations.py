"""Mean activations of layers."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers import AutoConfig

from benchbench import methods
from benchbench.models.activations import decoder_layers, layer_activations
from tests.training.toys import batches, examples, model

BATCH = batches(methods.get("dpo"))(examples(3))


@pytest.mark.parametrize("packed", [True, False])
def test_each_layer_s_mean_stands_where_its_states_predict_the_response(packed):
    """By hand from the hidden states of padded rows; the last layer's are those before the final normalisation."""
    policy = model(packed=packed).eval()
    found = layer_activations(policy, BATCH, torch.float64)
    rows = BATCH.tokens.flatten(0, 1)
    with torch.no_grad():
        plain = policy.base_model(input_ids=rows, output_hidden_states=True).hidden_states
        last = policy.base_model.layers[1](plain[1], position_embeddings=_rotary(policy, plain[1]), attention_mask=None)
    for name, states in (("layer 1", plain[1]), ("layer 2", last)):
        before = states.mean(dim=-1).roll(1, dims=1).reshape(BATCH.tokens.shape)
        torch.testing.assert_close(found[name], torch.where(BATCH.response, before, 0.0))
    assert list(found) == ["layer 1", "layer 2"] and not found["layer 1"].requires_grad


def _rotary(policy, states):
    """Of padded rows."""
    return policy.base_model.rotary_emb(states, torch.arange(states.shape[1])[None])


def test_no_hook_is_left_behind():
    policy = model().eval()
    layer_activations(policy, BATCH, torch.float64)
    assert not any(layer._forward_hooks for layer in policy.base_model.layers)


def test_a_model_without_a_list_of_layers_is_refused():
    class Strange(nn.Module):
        config = AutoConfig.for_model("gpt_neox", num_hidden_layers=3)

    assert decoder_layers(Strange()) is None
    with pytest.raises(ValueError, match="decoder layers in a list, found Strange"):
        layer_activations(Strange(), BATCH, torch.float64)
