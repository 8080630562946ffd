"""How large a model is at least, by its configuration alone."""

from __future__ import annotations

import pytest

from benchbench.core.errors import BenchError
from benchbench.data.model_size import least_bytes, least_parameters, machine_bytes, require_possible, size_faults

SMALL = {"num_hidden_layers": 2, "hidden_size": 8, "vocab_size": 100}


def test_a_matrix_per_layer_and_the_embeddings():
    assert least_parameters(SMALL) == 2 * 8 * 8 + 100 * 8
    assert least_parameters({"n_layer": 2, "n_embd": 8}) == 128
    assert least_parameters({"text_config": SMALL}) == least_parameters(SMALL)
    assert least_bytes(SMALL, bytes_per_weight=4) == 4 * 928 + 2 * 20_000


@pytest.mark.parametrize("value", [[1], "many", -3, None, True, 2.5, {}])
def test_what_is_no_size_counts_for_nothing(value: object):
    assert least_parameters({**SMALL, "hidden_size": value, "text_config": [1]}) == 0


@pytest.mark.parametrize("key", ["num_hidden_layers", "hidden_size", "vocab_size"])
def test_a_model_that_no_machine_holds_is_refused_with_both_sizes(key: str):
    with pytest.raises(BenchError, match=r"^model: expected a model of at most 8.19e\+03 GiB, found one ") as refusal:
        require_possible({**SMALL, "hidden_size": 10**6, key: 10**12}, "model")
    assert f"{key} 1e+12" in str(refusal.value)


def test_a_size_that_no_model_has_is_a_fault():
    odd = {"num_hidden_layers": -5, "hidden_size": 0, "num_attention_heads": "x", "vocab_size": True, "n_embd": 0.5}
    assert {fault.where for fault in size_faults(odd)} == set(odd)
    assert "expected a whole number above 0, found -5" in str(size_faults(odd)[0])
    assert [fault.where for fault in size_faults({"num_labels": 10**12})] == ["num_labels"]
    assert size_faults({**SMALL, "n_inner": None, "intermediate_size": [8, 16], "num_labels": 2}) == []


def test_the_inner_width_counts_too():
    assert least_parameters({**SMALL, "intermediate_size": 10}) == 2 * 8 * 18 + 100 * 8


def test_layers_without_width_cost_memory_too():
    with pytest.raises(BenchError):
        require_possible({"num_hidden_layers": 10**9}, "model")


def test_a_model_that_fits_passes():
    require_possible(SMALL, "model", most=machine_bytes(), bytes_per_weight=4)
    require_possible({"num_hidden_layers": 126, "hidden_size": 16384, "vocab_size": 128256}, "model")
