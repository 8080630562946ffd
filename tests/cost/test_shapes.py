"""Shapes from configurations alone, compared with models that transformers builds without memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from benchbench.cost.shapes import FAMILIES, DecoderShape, UnknownShape, model_shape

COMMON = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 80,
    "max_position_embeddings": 64,
    "vocab_size": 100,
}
SHARED_KEYS = {"num_key_value_heads": 2}
CONFIGS: dict[str, dict[str, Any]] = {
    "gpt_neox": COMMON,
    "gpt_neox, tied, no biases of attention": COMMON | {"tie_word_embeddings": True, "attention_bias": False},
    "llama": COMMON | SHARED_KEYS,
    "llama, biases and wide heads": COMMON | {"attention_bias": True, "head_dim": 16},
    "mistral": COMMON | SHARED_KEYS,
    "qwen2": COMMON | SHARED_KEYS,
    "qwen2, tied": COMMON | SHARED_KEYS | {"tie_word_embeddings": True},
    "qwen3": COMMON | SHARED_KEYS,
}


def shape(**values: Any) -> DecoderShape:
    known = model_shape({"model_type": "gpt_neox"} | COMMON | values)
    assert isinstance(known, DecoderShape)
    return known


@pytest.mark.parametrize("name", CONFIGS)
def test_weights_are_those_of_the_model(name: str):
    values = {"model_type": name.partition(",")[0]} | CONFIGS[name]
    known = model_shape(values)
    assert isinstance(known, DecoderShape)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**values))
    assert known.weights == sum(parameter.numel() for parameter in model.parameters())


def test_every_family_is_compared():
    assert {name.partition(",")[0] for name in CONFIGS} == set(FAMILIES)


def test_adapters_have_the_weights_that_peft_gives_them():
    from benchbench.models.load import add_lora

    known = model_shape({"model_type": "llama"} | COMMON | SHARED_KEYS)
    assert isinstance(known, DecoderShape)
    for targets in ("all-linear", ["q_proj", "down_proj"]):
        with torch.device("meta"):
            config = AutoConfig.for_model(**{"model_type": "llama"} | COMMON | SHARED_KEYS)
            model = AutoModelForCausalLM.from_config(config)
            section = {"lora_target_modules": targets, "lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.0}
            adapted = add_lora(model, section, seed=0)
        trained = sum(p.numel() for p in adapted.parameters() if p.requires_grad)
        assert known.adapter_weights(4, targets if isinstance(targets, str) else tuple(targets)) == trained


def test_what_is_not_known_says_so():
    for values, reason in (
        ({"model_type": "mamba", "hidden_size": 8}, "model_type mamba: the formulas know gpt_neox"),
        ({}, "model_type None"),
        ({"model_type": "llama"} | COMMON | {"num_local_experts": 8}, "with experts"),
        ({"model_type": "llama", "hidden_size": 8}, "does not say its layers, heads, vocabulary, mlp"),
        ({"model_type": "llama"} | COMMON | {"hidden_size": "32"}, "does not say its width"),
        ({"model_type": "llama"} | COMMON | {"num_hidden_layers": True}, "does not say its layers"),
    ):
        known = model_shape(values)
        assert isinstance(known, UnknownShape)
        assert reason in known.reason


def test_a_vocabulary_that_is_left_to_the_tokenizer():
    values = {name: value for name, value in COMMON.items() if name != "vocab_size"} | {"model_type": "gpt_neox"}
    assert isinstance(model_shape(values), UnknownShape)
    known = model_shape(values, vocabulary=50)
    assert isinstance(known, DecoderShape)
    assert known.vocabulary == 50
