"""Devices by name, and rates that are measured or assumed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchbench.commands.costs.run import is_like
from benchbench.core.errors import BenchError
from benchbench.core.records import StageRecord
from benchbench.cost.devices import DEVICES, parse_fleet
from benchbench.cost.rates import FinishedStage, FinishedWork, RateKey, assumed_rate, measured_rate, rate_of, separated


def test_a_number_and_a_device():
    assert parse_fleet("8xH100").name == "8xH100"
    assert (parse_fleet("h200").count, parse_fleet("h200").device.name) == (1, "H200")
    assert parse_fleet("2xA100-80GB").device.memory_gib == 79.3  # as nvidia-smi reports it


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("8xH10", "Did you mean 'H100'?"),
        ("0xH100", "expected 1 to 4096 devices, got 0"),
        ("99999xH100", "got 99999"),
        ("8 H100", "as in 8xH100, got '8 H100'"),
        ("-1xH100", "as in 8xH100"),
        ("", "as in 8xH100"),
    ],
)
def test_what_is_no_fleet_is_refused(text: str, said: str):
    with pytest.raises(BenchError, match="--on: expected") as refused:
        parse_fleet(text)
    assert said in str(refused.value)


def test_every_stated_number_says_who_states_it():
    for device in DEVICES.values():
        assert device.source
        assert device.name == "cpu" or device.source.startswith("https://")


def test_a_rate_is_what_stages_that_ran_came_to():
    """100 operations in 10 seconds and 300 in 30 are 10 a second; generation says nothing of training."""
    ran = [
        FinishedWork(("training", "float32"), 100, 10),
        FinishedWork(("training", "float32"), 300, 30),
        FinishedWork(("training", "autocast"), 1000, 10),
        FinishedWork(("generation", "float32"), 7, 1),
        FinishedWork(("training", "float32"), 5, 0),
    ]
    rate = measured_rate(("training", "float32"), ran)
    assert rate is not None and rate.is_measured
    assert rate.seconds(50) == (5, 5)
    assert "measured: 2 finished training stages in float32" in rate.origin
    assert measured_rate(("scoring", "float32"), ran) is None


def test_of_a_stage_that_does_several_things_the_known_ones_are_taken_off():
    """100 operations of scoring take 10 s; a stage of 50 of them and 30 bytes in 11 s read 30 bytes in 6 s."""
    scoring: RateKey = ("scoring", "float32")
    drawing: RateKey = ("generation", "float32")
    both = FinishedStage({drawing: 30.0, scoring: 50.0}, 11)
    assert separated([both]) == [], "two things are not known"
    ran = separated([both, FinishedStage({scoring: 100.0}, 10), FinishedStage({drawing: 30.0, scoring: 500.0}, 11)])
    assert ran == [FinishedWork(scoring, 100, 10), FinishedWork(drawing, 30, 6)], "nothing was left of the last one"


def test_the_start_of_an_engine_is_in_no_rate_of_drawing():
    """The first of three stages also started the engine."""
    ran = [FinishedWork(("generation", "float32"), 10, seconds) for seconds in (7, 1, 1)]
    rate = measured_rate(("generation", "float32"), ran)
    assert rate is not None and rate.seconds(20) == (2, 2)


def test_without_any_a_range_of_two_is_assumed_and_says_so():
    rate = assumed_rate(("training", "autocast"), DEVICES["H100"])
    assert rate is not None and not rate.is_measured
    low, high = rate.seconds(989e12)
    assert (low, high) == (2, 4)
    assert "assumed" in rate.origin and "uncalibrated" in rate.origin


def test_float32_has_a_rate_of_its_own():
    """TF32 is off unless somebody asks torch for it."""
    rate = assumed_rate(("training", "float32"), DEVICES["H100"])
    assert rate is not None and rate.seconds(67e12) == (2, 4)
    assert "6.7e+13 float32 operations/s" in rate.origin
    assert assumed_rate(("generation", "float32"), DEVICES["H100"]) is not None


def test_where_a_rate_is_not_stated_there_is_none():
    unstated = replace(DEVICES["H100"], float32_flops_per_second=None)
    assert assumed_rate(("scoring", "float32"), unstated) is None


def test_nothing_is_assumed_of_a_processor():
    assert rate_of(("training", "float32"), DEVICES["cpu"], []) is None
    assert rate_of(("judging", "chat_endpoint"), DEVICES["H100"], []) is None, "nor of a judge"


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("NVIDIA A100-SXM4-40GB", "A100-40GB"),
        ("NVIDIA A100-SXM4-80GB", "A100-80GB"),
        ("NVIDIA A100 80GB PCIe", None),
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H100 PCIe", None),
        ("NVIDIA GH200 480GB", None),
        ("NVIDIA H200", "H200"),
        ("NVIDIA L40S", "L40S"),
    ],
)
def test_names_of_cards_are_compared_as_a_whole(name: str, device: str | None):
    record = StageRecord("sft/1", "done", {"device_kind": "cuda", "device_name": name})
    assert [known for known in DEVICES if is_like(record, parse_fleet(known))] == ([] if device is None else [device])


def test_a_stage_that_several_processes_trained_has_no_rate_of_one():
    alone = {"device_kind": "cpu", "world_size": 1}
    cpu, shared = parse_fleet("cpu"), {**alone, "world_size": 2}
    assert is_like(StageRecord("sft/1", "done", {"device_kind": "cpu"}), cpu)
    assert is_like(StageRecord("sft/1", "done", alone), cpu)
    assert not is_like(StageRecord("sft/1", "done", shared), cpu)
    assert not is_like(StageRecord("sft/1", "done", alone, resumed_environments=[shared]), cpu)


def test_a_stage_that_shared_its_card_has_no_rate_of_one_alone():
    alone = {"device_kind": "cuda", "device_name": "NVIDIA H200", "device_share": 1.0}
    assert is_like(StageRecord("sft/1", "done", alone), parse_fleet("H200"))
    assert not is_like(StageRecord("sft/1", "done", alone | {"device_share": 0.5}), parse_fleet("H200"))
