"""Values of a configuration that transformers takes, and of which no model can be made."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from benchbench.data.model_values import configuration_faults

LLAMA = {"model_type": "llama", "hidden_size": 16, "hidden_act": "silu", "max_position_embeddings": 128}
SAID = "expected a whole number of tokens from 1 to 2147483647, found "


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"hidden_act": None, "rope_parameters": None, "max_position_embeddings": None, "text_config": 5},
        {"hidden_activation": "xielu", "rope_scaling": {"type": "linear", "factor": 2.0}},
        {"rope_parameters": {"rope_type": "llama3"}, "n_positions": 1},
        {"rope_parameters": {"full_attention": {"rope_type": "yarn"}, "sliding_attention": None}},
        {"rope_scaling": {"type": "su"}},
        {"text_config": {"hidden_act": "relu2", "rope_parameters": {"rope_theta": 1e4}}},
    ],
)
def test_what_a_model_has_is_no_fault(values: dict[str, Any]):
    assert configuration_faults(LLAMA | values) == []


@pytest.mark.parametrize(
    ("values", "where", "said"),
    [
        ({"hidden_act": "slu"}, "hidden_act", "found 'slu'. Did you mean 'silu'?"),
        ({"hidden_act": "nonsense"}, "hidden_act", "found 'nonsense'"),
        ({"activation_function": ["gelu"]}, "activation_function", "found ['gelu']"),
        ({"rope_parameters": {"rope_type": "spiral"}}, "rope_parameters.rope_type", "found 'spiral'"),
        ({"rope_scaling": {"type": {}}}, "rope_scaling.type", "found {}"),
        ({"rope_parameters": {"full_attention": {"rope_type": "yar"}}}, "rope_parameters.full_attention.rope_type", ""),
        ({"max_position_embeddings": -128}, "max_position_embeddings", f"{SAID}-128"),
        ({"max_position_embeddings": 10**30}, "max_position_embeddings", SAID),
        ({"n_positions": 2.5}, "n_positions", f"{SAID}2.5"),
        ({"n_positions": True}, "n_positions", f"{SAID}True"),
        ({"text_config": {"hidden_act": "x"}}, "text_config.hidden_act", "found 'x'"),
        ({"text_config": {"num_hidden_layers": -1}}, "text_config.num_hidden_layers", "found -1"),
    ],
)
def test_what_no_model_has_is_a_fault(values: dict[str, Any], where: str, said: str):
    (fault,) = configuration_faults(LLAMA | values)
    assert fault.where == where and said in fault.message and len(fault.message) < 500


def test_what_is_known_is_listed():
    act, rope = configuration_faults({"hidden_act": "x", "rope_parameters": {"rope_type": "x"}})
    assert "gelu_new" in act.message and "swish" in act.message
    assert "default" in rope.message and "longrope" in rope.message and "su," not in rope.message


def test_usual_values_are_known_without_transformers():
    line = (
        "import sys; from benchbench.data.model_values import configuration_faults as f; "
        f"assert f({LLAMA | {'rope_parameters': {'rope_type': 'default'}}}) == []; print('transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
