"""Which device, how many workers, how many threads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError
from benchbench.run.machine import SMALL_MODEL_BYTES, choose_machine

CORES = len(os.sched_getaffinity(0))
SMALL = {"hidden_size": 128, "num_hidden_layers": 4, "vocab_size": 512}
LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "vocab_size": 50304}


def test_small_models_get_one_single_threaded_worker_per_core():
    machine = choose_machine("cpu", None, [(None, SMALL)])
    assert (machine.device, machine.workers, machine.threads) == ("cpu", CORES, 1)


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_the_numbers_of_a_small_model_do_not_hang_on_the_number_of_workers(workers: int):
    """Threads split sums; one thread, whatever the workers, gives one result."""
    machine = choose_machine("cpu", workers, [(None, SMALL)])
    assert (machine.workers, machine.threads) == (workers, 1)


def test_large_models_get_one_worker_with_all_cores():
    machine = choose_machine("cpu", None, [(None, SMALL), (None, LARGE)])
    assert (machine.workers, machine.threads) == (1, CORES)


def test_what_was_asked_for_is_done():
    assert choose_machine("cpu", 3, [(None, LARGE)]).workers == 3
    assert choose_machine("cpu", CORES, [(None, LARGE)]).threads == 1
    assert choose_machine("cpu", 4 * CORES, [(None, LARGE)]).threads == 1


def test_the_size_of_local_weights_is_that_of_their_files(tmp_path: Path):
    with (tmp_path / "model.safetensors").open("wb") as handle:
        handle.truncate(SMALL_MODEL_BYTES + 1)
    assert choose_machine("cpu", None, [(str(tmp_path), None)]).workers == 1


@pytest.mark.parametrize("device", ["gpu", "cpu:0", "cuda:x", ""])
def test_a_device_that_is_none_is_refused(device: str):
    with pytest.raises(BenchError, match="--device: expected auto, cpu, cuda or cuda:N"):
        choose_machine(device, None, [])


def test_a_cuda_device_beyond_those_there_are_is_refused():
    with pytest.raises(BenchError, match="--device cuda:99: this machine has .* --device cpu"):
        choose_machine("cuda:99", None, [])


@pytest.mark.gpu
def test_cuda_is_taken_where_it_is():
    import torch

    if not torch.cuda.is_available():
        pytest.skip("this machine has no CUDA")
    machine = choose_machine("auto", None, [(None, SMALL)])
    assert (machine.device, machine.workers) == ("cuda", 1)
