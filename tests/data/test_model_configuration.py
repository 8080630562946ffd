"""A configuration that a recipe writes: every key is read, and every value is one that a model of its type takes."""

from __future__ import annotations

from typing import Any

import pytest

from benchbench.core.errors import BenchError
from benchbench.data.model_configuration import configuration_of

GPT_NEOX = {
    "model_type": "gpt_neox",
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "vocab_size": 100,
}
LLAMA = {**GPT_NEOX, "model_type": "llama", "num_attention_heads": 4, "num_key_value_heads": 2}


@pytest.mark.parametrize("values", [GPT_NEOX, LLAMA, {**LLAMA, "head_dim": 8}, {**GPT_NEOX, "rotary_pct": 0.5}])
def test_what_a_model_takes_is_its_configuration(values: dict[str, Any]):
    assert configuration_of(values).hidden_size == 16


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model_type": "nonsense"}, "unknown model type 'nonsense'"),
        ({"model_type": "lama"}, "unknown model type 'lama'. Did you mean"),
        ({"model_type": ["llama"]}, "unknown model type"),
        ({"model_type": None}, "unknown model type"),
        ({"num_hidden_layers": -5}, "num_hidden_layers: expected a whole number above 0, found -5"),
        ({"hidden_size": float("nan")}, "hidden_size: expected a whole number above 0, found nan"),
        ({"vocab_size": True}, "vocab_size: expected a whole number above 0, found True"),
        ({"num_attention_heads": 3}, "expected"),
        ({"num_key_value_heads": 3}, "num_key_value_heads: expected a divisor of the 4 heads, found 3"),
        ({"num_labels": 10**12}, "num_labels: expected at most 1000000"),
        ({"num_labels": "x"}, "num_labels: expected at most 1000000, found 'x'"),
        ({"rope_parameters": 5}, "expected values that a llama takes, found others"),
        ({"dtype": "nonsense"}, "expected values that a llama takes, found others"),
        ({"layers": 2}, "layers: a llama has no such key"),
    ],
)
def test_what_no_model_takes_is_refused(change: dict[str, Any], said: str):
    with pytest.raises(BenchError) as refusal:
        configuration_of(LLAMA | change)
    assert str(refusal.value).startswith("model.from_config") and said in str(refusal.value)
    assert len(str(refusal.value)) < 500
