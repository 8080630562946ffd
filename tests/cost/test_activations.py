"""What layers keep, compared with the bytes that autograd saves in models of transformers, each storage once."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from benchbench.core.batch import CandidateBatch
from benchbench.cost.activations import Numerics, Precision, backward_bytes, layer_bytes
from benchbench.cost.shapes import DecoderShape, model_shape
from benchbench.models.layout import use_packed_rows
from benchbench.models.load import add_lora, set_precision
from benchbench.models.logps import response_states
from benchbench.models.rotary import use_quick_rotary
from tests.cost.toys import COMMON, batch_of

PROMPT, RESPONSE, EXAMPLES = 128, 96, 2
ROW = PROMPT + RESPONSE
LORA = {"lora_target_modules": "all-linear", "lora_r": 2, "lora_alpha": 2, "lora_dropout": 0.0}


def saved_bytes(family: str, numerics: Numerics, layers: int, *, lora: bool, batch: CandidateBatch) -> int:
    """Bytes of tensors that a forward pass saves, weights left out."""
    config = AutoConfig.for_model(**values_of(family, layers))
    torch.manual_seed(0)
    model: Any = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")
    if numerics == "bfloat16":
        set_precision(model, torch.bfloat16)
    use_packed_rows(model)
    use_quick_rotary(model)
    model = add_lora(model, LORA, seed=0) if lora else model
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    saved: dict[int, tuple[int, torch.Tensor]] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        saved[storage.data_ptr()] = (storage.nbytes(), tensor)  # held, so that no other takes its place
        return tensor

    model.train()
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", dtype=torch.bfloat16, enabled=numerics == "autocast"),
    ):
        response_states(model, batch)
    return sum(size for place, (size, _) in saved.items() if place not in weights)


def values_of(family: str, layers: int) -> dict[str, Any]:
    shared = {"num_key_value_heads": 2} if family == "llama" else {}
    return {"model_type": family, **COMMON, **shared, "num_hidden_layers": layers}


def shape_of(family: str) -> DecoderShape:
    shape = model_shape(values_of(family, 1))
    assert isinstance(shape, DecoderShape)
    return shape


@pytest.mark.parametrize("lora", [False, True], ids=["full", "LoRA"])
@pytest.mark.parametrize("numerics", ["float32", "autocast", "bfloat16"])
@pytest.mark.parametrize("family", ["gpt_neox", "llama"])
def test_what_a_layer_keeps(family: str, numerics: Numerics, lora: bool):
    """The difference of three layers and one, so that what is outside of layers does not count."""
    batch = batch_of(EXAMPLES, PROMPT, RESPONSE)
    assert batch.packed is not None
    tokens = batch.packed.ids.numel()
    three, one = (saved_bytes(family, numerics, layers, lora=lora, batch=batch) for layers in (3, 1))
    shape = shape_of(family)
    casts = 2 * shape.layer_matrices if numerics == "autocast" else 0
    measured = ((three - one) / 2 - casts) / tokens
    computed = layer_bytes(shape, Precision(numerics, "cpu"), ROW, shape.linears if lora else None)
    assert computed == pytest.approx(measured, rel=0.04)


def test_short_rows_keep_the_shares_of_attention_on_a_processor_alone():
    shape = shape_of("llama")
    for kind, more in (("cpu", 4 * shape.heads * 100), ("cuda", 0)):
        precision = Precision("float32", kind)
        short, long = layer_bytes(shape, precision, 100), layer_bytes(shape, precision, 1000)
        assert short - long == more


def test_the_backward_pass_of_a_gated_mlp_needs_twice_as_much():
    gated, plain = shape_of("llama"), shape_of("gpt_neox")
    for numerics, size in (("float32", 4), ("autocast", 2)):
        assert backward_bytes(gated, Precision(numerics, "cuda")) == 2 * size * gated.mlp_width
        assert backward_bytes(plain, Precision(numerics, "cuda")) == size * plain.mlp_width
