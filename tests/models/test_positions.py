"""Angles that depend on a row's neighbours are refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from transformers import LlamaConfig, Phi3Config

from benchbench.core.errors import BenchError
from benchbench.models.load import build_base
from benchbench.models.positions import longest_fixed_row, require_fixed_positions

from .toys import spec, tokenizer

DYNAMIC = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}


def test_dynamic_angles_are_refused_in_words():
    with pytest.raises(BenchError, match=r"my_model: rope_type: .* found dynamic"):
        require_fixed_positions(LlamaConfig(rope_parameters=DYNAMIC), "my_model")
    by_layer = SimpleNamespace(
        rope_parameters={"full_attention": DYNAMIC, "sliding_attention": {"rope_type": "default"}}
    )
    with pytest.raises(BenchError, match="found dynamic"):
        require_fixed_positions(by_layer, "my_model")


def test_a_recipe_s_own_configuration_is_refused_too():
    with pytest.raises(BenchError, match="model.from_config of type llama: rope_type"):
        build_base(spec("llama", rope_parameters=DYNAMIC), tokenizer(), seed=0)


@pytest.mark.parametrize("kind", ["default", "linear"])
def test_angles_of_a_row_alone_are_taken(kind):
    require_fixed_positions(LlamaConfig(rope_parameters={"rope_type": kind, "factor": 2.0, "rope_theta": 1e4}), "")
    assert longest_fixed_row(LlamaConfig()) is None


def test_two_sets_of_angles_have_a_longest_row():
    factors = [1.0] * 48
    rope = {"rope_type": "longrope", "short_factor": factors, "long_factor": factors, "rope_theta": 10000.0}
    config = Phi3Config(rope_parameters=rope | {"original_max_position_embeddings": 4096})
    assert longest_fixed_row(config) == 4096
