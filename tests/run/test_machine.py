"""Which device, how many workers, how many threads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError
from benchbench.run.machine import SMALL_MODEL_BYTES, choose_machine, open_executor

CORES = len(os.sched_getaffinity(0))
SMALL = {"hidden_size": 128, "num_hidden_layers": 4, "vocab_size": 512}
LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "vocab_size": 50304}


def test_small_models_get_one_single_threaded_worker_per_core():
    machine = choose_machine("cpu", None, [(None, SMALL)])
    assert (machine.devices, machine.workers, machine.threads) == (("cpu",) * CORES, CORES, 1)
    assert (machine.device_kind, machine.device_names) == ("cpu", "cpu")


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


@pytest.mark.parametrize(
    "device", ["gpu", "cpu:0", "cuda:x", "", "cuda:", "auto:", "cuda:-1", "cuda:1,2", "cuda:\u00b2"]
)
def test_a_device_that_is_none_is_refused(device: str):
    with pytest.raises(BenchError, match="--device: expected auto, cpu, cuda or cuda:N"):
        choose_machine(device, None, [])


def test_a_cuda_device_beyond_those_there_are_is_refused():
    with pytest.raises(BenchError, match="--device cuda:99: this machine has .* --device cpu"):
        choose_machine("cuda:99", None, [])


def no_question() -> int:
    raise AssertionError("torch need not be asked")


def test_the_cpu_asks_no_torch():
    assert choose_machine("cpu", 2, [(None, SMALL)], card_count=no_question).devices == ("cpu", "cpu")


@pytest.mark.parametrize("device", ["auto", "cuda"])
@pytest.mark.parametrize(("count", "workers"), [(1, None), (1, 1), (4, None), (4, 4), (4, 2)])
def test_every_card_has_one_worker_and_fewer_workers_take_the_first_ones(device: str, count: int, workers: int | None):
    machine = choose_machine(device, workers, [(None, LARGE)], card_count=lambda: count)
    assert machine.devices == tuple(f"cuda:{number}" for number in range(workers or count))
    assert machine.device_kind == "cuda"
    assert machine.threads == max(1, CORES // machine.workers)


def test_people_are_told_which_cards():
    assert choose_machine("cuda", 2, [], card_count=lambda: 8).device_names == "cuda:0, cuda:1"


@pytest.mark.parametrize("workers", [None, 1])
def test_a_card_that_is_named_is_taken_alone(workers: int | None):
    assert choose_machine("cuda:2", workers, [], card_count=lambda: 4).devices == ("cuda:2",)


@pytest.mark.parametrize(
    ("device", "count", "cards"),
    [("cuda", 2, "the 2 cards cuda:0 to cuda:1"), ("auto", 1, "only cuda:0"), ("cuda:1", 2, "only cuda:1")],
)
def test_more_workers_than_cards_are_refused_since_memory_is_not_shared(device: str, count: int, cards: str):
    most = 1 if "only" in cards else count
    with pytest.raises(BenchError) as caught:
        choose_machine(device, 3, [], card_count=lambda: count)
    assert str(caught.value) == (
        f"--workers: expected at most {most}, one for each CUDA device ({cards}), since workers that share a card run "
        f"out of its memory; got 3; ask for {most} or fewer, or leave --workers out"
    )


def test_without_cards_auto_is_the_cpu_and_cuda_is_refused():
    assert choose_machine("auto", 3, [(None, SMALL)], card_count=lambda: 0).devices == ("cpu",) * 3
    for device in ("cuda", "cuda:0"):
        with pytest.raises(
            BenchError, match=f"--device {device}: this machine has no CUDA device that torch .* can use"
        ):
            choose_machine(device, None, [], card_count=lambda: 0)


def test_a_card_beyond_the_last_one_is_refused():
    with pytest.raises(BenchError, match="--device cuda:2: this machine has 2 CUDA devices that torch .* can use"):
        choose_machine("cuda:2", None, [], card_count=lambda: 2)


def test_the_executor_has_a_slot_for_each_device(tmp_path: Path):
    machine = choose_machine("cuda", None, [], card_count=lambda: 3)
    slots = open_executor(machine, tmp_path).slots()
    assert [slot.devices for slot in slots] == [("cuda:0",), ("cuda:1",), ("cuda:2",)]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.gpu
def test_cuda_is_taken_where_it_is():
    import torch

    if not torch.cuda.is_available():
        pytest.skip("this machine has no CUDA")
    machine = choose_machine("auto", None, [(None, SMALL)])
    assert machine.devices == tuple(f"cuda:{number}" for number in range(torch.cuda.device_count()))


@pytest.mark.parametrize(
    ("workers", "world_size", "places"),
    [
        (None, None, [("cuda:0", "cuda:1", "cuda:2", "cuda:3")]),
        (None, 2, [("cuda:0", "cuda:1"), ("cuda:2", "cuda:3")]),
        (1, 2, [("cuda:0", "cuda:1")]),
        (2, None, [("cuda:0", "cuda:1"), ("cuda:2", "cuda:3")]),
        (None, 3, [("cuda:0", "cuda:1", "cuda:2")]),
    ],
)
def test_processes_that_train_together_share_no_card(
    workers: int | None, world_size: int | None, places: list[tuple[str, ...]]
):
    asked = {"executor": "torchrun", "world_size": world_size}
    machine = choose_machine("cuda", workers, [(None, LARGE)], card_count=lambda: 4, **asked)  # type: ignore[arg-type]
    assert machine.places == places
    assert machine.workers == len(places)
    assert machine.world_size == len(places[0])


def test_more_processes_than_cards_are_refused():
    with pytest.raises(
        BenchError, match="--world-size: expected at most 4 processes in all, one for each CUDA device, got 2 x 3"
    ):
        choose_machine("cuda", 2, [], card_count=lambda: 4, executor="torchrun", world_size=3)


def test_on_a_processor_every_process_has_its_threads(tmp_path: Path):
    machine = choose_machine("cpu", 2, [(None, SMALL)], executor="torchrun", world_size=3)
    assert (machine.devices, machine.threads, machine.workers) == (("cpu",) * 6, 1, 2)
    executor = open_executor(machine, tmp_path)
    assert [slot.devices for slot in executor.slots()] == [("cpu",) * 3] * 2


@pytest.mark.parametrize(
    ("share", "workers", "devices"),
    [
        (0.5, None, ("cuda:0", "cuda:1", "cuda:0", "cuda:1")),
        (0.5, 3, ("cuda:0", "cuda:1", "cuda:0")),
        (0.4, None, ("cuda:0", "cuda:1", "cuda:0", "cuda:1")),
        (1 / 3, None, ("cuda:0", "cuda:1") * 3),
        (1.0, None, ("cuda:0", "cuda:1")),
    ],
)
def test_parts_of_cards_are_spread_over_all_of_them(
    share: float, workers: int | None, devices: tuple[str, ...], tmp_path: Path
):
    machine = choose_machine("cuda", workers, [], device_share=share, card_count=lambda: 2)
    assert (machine.devices, machine.device_share) == (devices, share)
    assert machine.threads == max(1, CORES // len(devices))
    assert [slot.devices for slot in open_executor(machine, tmp_path).slots()] == [(device,) for device in devices]


def test_parts_of_a_card_that_is_named_are_of_that_one():
    assert choose_machine("cuda:1", None, [], device_share=0.5, card_count=lambda: 2).devices == ("cuda:1",) * 2


@pytest.mark.parametrize("share", [0, -0.5, 1.5, float("nan")])
def test_a_part_that_is_none_is_refused(share: float):
    with pytest.raises(BenchError, match="--device-share: expected a part of a card, above 0 and at most 1"):
        choose_machine("cuda", None, [], device_share=share, card_count=lambda: 1)


def test_more_workers_than_parts_are_refused():
    with pytest.raises(BenchError, match="expected at most 4, 2 on each of 2 CUDA devices with --device-share 0.5"):
        choose_machine("cuda", 5, [], device_share=0.5, card_count=lambda: 2)


def test_a_processor_has_no_parts():
    with pytest.raises(BenchError, match="--device-share: expected cards whose memory stages divide, found none"):
        choose_machine("cpu", None, [(None, SMALL)], device_share=0.5)


def test_processes_that_train_together_have_whole_cards():
    with pytest.raises(BenchError, match="--device-share: expected --executor local, .* found torchrun"):
        choose_machine("cuda", None, [], executor="torchrun", device_share=0.5, card_count=lambda: 2)
