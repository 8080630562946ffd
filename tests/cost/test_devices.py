"""Devices by name, and rates that are measured or assumed."""

from __future__ import annotations

import pytest

from benchbench.core.errors import BenchError
from benchbench.cost.devices import DEVICES, parse_fleet
from benchbench.cost.rates import FinishedWork, assumed_rate, measured_rate, rate_of


def test_a_number_and_a_device():
    assert parse_fleet("8xH100").name == "8xH100"
    assert (parse_fleet("h200").count, parse_fleet("h200").device.name) == (1, "H200")
    assert parse_fleet("2xA100-80GB").device.memory_gib == pytest.approx(80e9 / 2**30)


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
        FinishedWork("training", 100, 10),
        FinishedWork("training", 300, 30),
        FinishedWork("generation", 7, 1),
        FinishedWork("training", 5, 0),
    ]
    rate = measured_rate("training", ran)
    assert rate is not None and rate.is_measured
    assert rate.seconds(50) == (5, 5)
    assert "measured: 2 finished training stages" in rate.origin
    assert measured_rate("scoring", ran) is None


def test_without_any_a_range_of_two_is_assumed_and_says_so():
    rate = assumed_rate("training", DEVICES["H100"])
    assert rate is not None and not rate.is_measured
    low, high = rate.seconds(989e12)
    assert (low, high) == (2, 4)
    assert "assumed" in rate.origin and "uncalibrated" in rate.origin


def test_nothing_is_assumed_of_a_processor():
    assert rate_of("training", DEVICES["cpu"], []) is None
