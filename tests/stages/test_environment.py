"""What is recorded of the device: that of the stage, whichever card torch takes by itself."""

from __future__ import annotations

import platform

import pytest
import torch

from benchbench.stages.environment import cpu_name, device_kind, environment


def test_on_the_cpu_kind_device_and_name_are_the_cpus():
    recorded = environment("cpu")
    assert (recorded["device_kind"], recorded["device"], recorded["device_name"]) == ("cpu", "cpu", cpu_name())
    assert recorded["cuda"] is None


def test_a_card_is_recorded_by_its_own_name(monkeypatch: pytest.MonkeyPatch):
    """On a machine with several, torch speaks of the first one where it is not told which."""
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"name of {device}")
    recorded = environment("cuda:1")
    assert (recorded["device_kind"], recorded["device"]) == ("cuda", "cuda:1")
    assert recorded["device_name"] == "name of cuda:1"


def test_the_part_of_a_device_is_recorded():
    assert (environment("cpu")["device_share"], environment("cpu", device_share=0.25)["device_share"]) == (1.0, 0.25)


def test_who_ran_it_where_is_recorded():
    alone, together = environment("cpu"), environment("cpu", executor="torchrun", world_size=2)
    assert (alone["executor"], alone["world_size"], alone["host"]) == ("local", 1, platform.node())
    assert (together["executor"], together["world_size"]) == ("torchrun", 2)


@pytest.mark.parametrize(("device", "kind"), [("cpu", "cpu"), ("cuda", "cuda"), ("cuda:7", "cuda")])
def test_the_kind_of_a_device_has_no_number(device: str, kind: str):
    assert device_kind(device) == kind
