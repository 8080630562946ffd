"""Processes that keep a part of each layer train as one does, and leave a whole model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from benchbench.core.errors import BenchError
from benchbench.models.load import use_checkpointing
from benchbench.training.ranks import ALONE, Ranks
from benchbench.training.sharding import reduced_in, sharded_layers, whole

from .ranked import Group, group
from .test_ranks import NOISE, of_adapters, of_method, require_alike
from .toys import Toy, model


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Group]:
    """Two processes, for all tests of this file."""
    with group(2, tmp_path_factory.mktemp("pair")) as processes:
        yield processes


@pytest.mark.parametrize("name", ["dpo", "dr_dpo", "hypo_online_kl"])
def test_processes_that_share_layers_train_as_one(name: str, pair: Group, tmp_path: Path):
    """Three microbatches a step, so that the second process computes one of its own again, for nothing."""
    require_alike(pair, tmp_path, apart=1e-9, make=of_method, name=name, shards=True)


def test_a_process_without_a_microbatch_computes_another_ones(pair: Group, tmp_path: Path):
    require_alike(pair, tmp_path, apart=1e-9, make=of_method, name="dpo", shards=True, per_device_train_batch_size=6)


def test_gradients_are_clipped_by_the_norm_of_all_parts(pair: Group, tmp_path: Path):
    require_alike(pair, tmp_path, apart=1e-9, make=of_method, name="dpo", shards=True, max_grad_norm=1e-3)


def test_layers_with_adapters_are_shared_too(pair: Group, tmp_path: Path):
    require_alike(pair, tmp_path, apart=NOISE, make=of_adapters, name="dpo", shards=True)


def of_checkpointing(folder: Path) -> Toy:
    """Activations that are computed again in the backward pass, for which layers are gathered again."""
    run = of_method(folder, name="dpo")
    use_checkpointing(run.model)
    return run


def test_layers_that_compute_their_activations_again_are_gathered_again(pair: Group, tmp_path: Path):
    require_alike(pair, tmp_path, apart=1e-9, make=of_checkpointing, shards=True)


def bfloat16_case(ranks: Ranks, *, shards: bool) -> Any:
    """A gradient of a layer whose weights are in bfloat16."""
    policy = model(dtype=torch.bfloat16, packed=False)
    with sharded_layers(policy, replace(ranks, shards=shards)):
        policy(torch.arange(1, 9)[None]).logits.float().logsumexp(-1).sum().backward()
        gradient = policy.gpt_neox.layers[0].attention.dense.weight.grad
        return str(gradient.dtype), whole(gradient).float().numpy().tolist()


def test_gradients_of_layers_in_bfloat16_are_summed_in_float32(pair: Group):
    """Two processes with the same rows have twice the gradient of one, which bfloat16 says exactly."""
    kinds = (torch.bfloat16, torch.float32, torch.float64)
    assert [reduced_in(nn.Linear(1, 1, dtype=kind)) for kind in kinds] == [torch.float32, torch.float32, torch.float64]
    (kind, alone), both = bfloat16_case(ALONE, shards=False), pair.run(bfloat16_case, shards=True)
    assert both == [(kind, [[2 * number for number in row] for row in alone])] * 2


def test_weights_of_several_precisions_are_refused():
    policy = model(dtype=torch.float32)
    policy.gpt_neox.layers[1].attention.dense.to(torch.bfloat16)
    refused = pytest.raises(BenchError, match="whose weights have one precision, found bfloat16 and float32")
    with refused, sharded_layers(policy, Ranks(0, 2, shards=True)):
        pass


def test_a_model_without_a_list_of_layers_is_refused():
    class Flat(nn.Module):
        config = model().config

    refused = pytest.raises(BenchError, match="expected a model with its decoder layers in a list, found Flat")
    with refused, sharded_layers(Flat(), Ranks(0, 2, shards=True)):
        pass


def test_pieces_are_computed_again_where_processes_have_unequal_numbers_of_them():
    """Of three pieces the second process has one and computes it twice; of one piece it has none and takes that one."""
    ranks = [Ranks(number, 2, shards=True) for number in range(2)]
    assert [(each.share([4, 3, 2]), each.repeated([4, 3, 2])) for each in ranks] == [([0], [0]), ([1, 2], [])]
    assert [(each.share([4]), each.repeated([4])) for each in ranks] == [([0], []), ([], [0])]
    assert Ranks(0, 2).repeated([4]) == []
