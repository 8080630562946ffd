"""Log-probabilities against all logits of every row by itself."""

from __future__ import annotations

import pytest
import torch

from benchbench.models import load, logps
from benchbench.models.layout import use_packed_rows
from benchbench.models.logps import head_of, policy_layout, token_logps, unwrap

from .toys import batch, logps_by_hand, padded, tiny

PLAIN = ["gpt_neox", "llama", "gpt2", "opt"]
SCALED = ["gemma2", "cohere", "granite"]


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def weighted(token):
    """A scalar to which every token contributes another share."""
    return (token * torch.linspace(-1, 1, token.numel(), dtype=token.dtype).reshape(token.shape)).sum()


@pytest.mark.parametrize("kind", PLAIN + SCALED)
def test_they_are_those_of_all_logits(kind):
    model, given = tiny(kind), batch()
    found = token_logps(model, given)
    torch.testing.assert_close(found.token.double(), logps_by_hand(model, given), rtol=1e-5, atol=1e-5)
    assert found.token.dtype == torch.float32 and torch.equal(found.response, given.response)
    assert (found.token[~given.response] == 0).all() and (found.token[given.response] < 0).all()


@pytest.mark.parametrize("kind", ["gpt_neox", "llama", "gemma2"])
def test_in_bfloat16_they_are_those_of_bfloat16_logits(kind):
    """The forward pass rounds; log-softmax in float32 does not round again."""
    model, given = tiny(kind, dtype=torch.bfloat16), batch()
    exact = logps_by_hand(model, given)
    found = token_logps(model, given).token
    assert found.dtype == torch.float32
    # rows of a batch and rows alone round differently in bfloat16; logits are below 16 in size, so by 2**-4 each
    torch.testing.assert_close(found.double(), exact, rtol=0.02, atol=0.15)
    coarse = token_logps(model, given, dtype=torch.bfloat16).token
    assert coarse.dtype == torch.bfloat16 and not torch.equal(coarse.float(), found)


@pytest.mark.parametrize("kind", ["gpt_neox", "llama", "gemma2"])
def test_gradients_are_those_of_all_logits(kind):
    model, given = tiny(kind).double(), batch()
    expected = gradients(model, weighted(logps_by_hand(model, given)))
    found = gradients(model, weighted(token_logps(model, given, dtype=torch.float64).token))
    assert found.keys() == expected.keys()
    tolerance = 1e-5 if kind == "gemma2" else 1e-9  # Gemma normalises in float32 whatever it is given
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", ["gpt_neox", "llama", "gemma2"])
def test_padding_changes_nothing(kind):
    model, given = tiny(kind).double(), batch()
    plain = token_logps(model, given, dtype=torch.float64).token
    found = token_logps(model, padded(given, 7), dtype=torch.float64).token
    torch.testing.assert_close(found[..., :-7], plain, rtol=1e-9, atol=1e-10)
    assert (found[..., -7:] == 0).all()


def test_what_stands_in_the_padding_changes_nothing():
    model, given = tiny("llama").double(), padded(batch(), 3)
    other = given.tokens.where(given.attention, torch.tensor(9))
    changed = type(given)(given.ids, other, given.attention, given.response)
    one, two = (token_logps(model, b, dtype=torch.float64).token for b in (given, changed))
    torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_chunks_give_the_same_values_and_gradients(monkeypatch, rows):
    """The head is applied to a few hidden states at a time, and again in the backward pass."""
    model, given = tiny().double(), batch(examples=4)
    whole = token_logps(model, given, dtype=torch.float64).token
    expected = gradients(model, weighted(whole))
    monkeypatch.setitem(logps.CHUNK_ELEMENTS, "cpu", rows * model.config.vocab_size)
    assert int(given.response.sum()) > 3 * rows
    parts = token_logps(model, given, dtype=torch.float64).token
    torch.testing.assert_close(parts, whole, rtol=1e-12, atol=1e-12)
    found = gradients(model, weighted(parts))
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-9, atol=1e-12)
    with torch.no_grad():
        torch.testing.assert_close(token_logps(model, given, dtype=torch.float64).token, whole, rtol=1e-12, atol=1e-12)


def test_the_head_is_applied_to_no_more_than_a_chunk_at_once(monkeypatch):
    model, given = tiny(), batch(examples=4)
    head_of(model)
    seen = []
    model.get_output_embeddings().register_forward_hook(lambda module, inputs, output: seen.append(len(output)))
    monkeypatch.setitem(logps.CHUNK_ELEMENTS, "cpu", 3 * model.config.vocab_size)
    with torch.no_grad():
        token_logps(model, given)
    assert max(seen) == 3 and sum(seen) == int(given.response.sum())


@pytest.mark.parametrize("kind", PLAIN + SCALED)
def test_a_head_that_scales_or_caps_is_applied_to_response_positions_too(kind):
    model = tiny(kind)
    head = head_of(model)
    assert head is not None
    hidden = torch.randn(3, model.config.hidden_size, generator=torch.Generator().manual_seed(0))
    assert torch.equal(head(hidden), model.lm_head(hidden)) is (kind in PLAIN)


def test_a_head_that_does_something_else_is_recognised():
    """Then all logits are the model's own."""
    model = tiny("gpt_neox")
    forward = model.forward
    model.forward = lambda **inputs: (lambda out: type(out)(logits=out.logits.sin()))(forward(**inputs))
    assert head_of(model) is None
    assert use_packed_rows(model).packed, "its hidden states would do"
    layout = policy_layout(model)
    assert not layout.packed and "logits are made by more" in layout.name


def test_the_probe_leaves_the_model_as_it_was():
    model = tiny(hidden_dropout=0.5).train()
    state = torch.get_rng_state()
    assert head_of(model)
    assert model.training and all(p.grad is None for p in model.parameters())
    assert torch.equal(torch.get_rng_state(), state)


def test_the_probe_under_autocast_costs_no_gradient():
    """Autocast keeps weights it has cast once; the probe's were cast without a gradient."""
    given, found = batch(), []
    model = tiny()
    for _ in range(2):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            token = token_logps(model, given).token
        found.append(gradients(model, weighted(token)))
    assert found[0].keys() == found[1].keys() == dict(model.named_parameters()).keys()
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_adapters_take_part():
    lora = {"lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "lora_target_modules": ["query_key_value", "lm_head"]}
    model, given = load.add_lora(tiny(), lora, seed=1).eval(), batch()
    untouched = token_logps(model, given).token
    torch.testing.assert_close(untouched.double(), logps_by_hand(tiny(), given), rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.5, generator=torch.Generator().manual_seed(2))
    found = token_logps(model, given).token
    torch.testing.assert_close(found.double(), logps_by_hand(model, given), rtol=1e-4, atol=1e-4)
    assert (found - untouched).abs().max() > 0.1
    assert any("lm_head" in name and "lora_A" in name for name, _ in model.named_parameters())
    assert unwrap(model) is model.get_base_model()


def test_a_batch_of_empty_responses_has_no_log_probabilities():
    given = batch()
    empty = type(given)(given.ids, given.tokens, given.attention, torch.zeros_like(given.response), allow_empty=True)
    found = token_logps(tiny(), empty)
    assert (found.token == 0).all() and (found.mean() == 0).all()
