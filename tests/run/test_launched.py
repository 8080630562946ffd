"""Processes that were launched: each knows its place and its device, and the command has one slot with all of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.run.host_versions import versions
from benchbench.run.launched import AT_WORK, LaunchedExecutor, LaunchedPlace, launched_place, refuse_unlike_hosts
from benchbench.run.machine import choose_machine, open_executor

VARIABLES = {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "MASTER_ADDR": "head", "MASTER_PORT": "29500"}
SMALL = {"hidden_size": 128, "num_hidden_layers": 4, "vocab_size": 512}


def test_a_place_is_what_torchrun_says():
    assert launched_place(VARIABLES) == LaunchedPlace(5, 8, 1)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_process_that_nobody_launched_is_told_how(name: str):
    with pytest.raises(BenchError, match=f"found no {name}; start it with `torchrun -m benchbench.cli.launched`"):
        launched_place({key: value for key, value in VARIABLES.items() if key != name})


@pytest.mark.parametrize(
    ("wanted", "cards", "device"), [("auto", 2, "cuda:1"), ("cuda", 2, "cuda:1"), ("auto", 0, "cpu"), ("cpu", 2, "cpu")]
)
def test_each_process_has_the_card_with_its_number_on_its_host(wanted: str, cards: int, device: str):
    assert LaunchedPlace(5, 8, 1).device(wanted, cards) == device


def test_more_processes_on_a_host_than_cards_are_refused():
    with pytest.raises(BenchError, match="process 5 of 8: expected a CUDA device of its own, found 1 on this host"):
        LaunchedPlace(5, 8, 1).device("auto", 1)
    with pytest.raises(BenchError, match="expected auto, cpu or cuda for processes that were launched.*'cuda:0'"):
        LaunchedPlace(5, 8, 1).device("cuda:0", 2)


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(AT_WORK, "4")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")


@pytest.mark.usefixtures("launched")
def test_a_command_has_one_slot_with_all_processes(tmp_path: Path):
    machine = choose_machine("cpu", None, [(None, SMALL)], executor="torchrun")
    assert (machine.world_size, machine.workers, machine.threads) == (4, 1, 1)
    executor = open_executor(machine, tmp_path)
    assert isinstance(executor, LaunchedExecutor)
    assert [slot.devices for slot in executor.slots()] == [("cpu",) * 4]
    cards = choose_machine("auto", 1, [], executor="torchrun", shards=True, card_count=lambda: 2)
    assert (cards.devices, cards.shards) == (("cuda:0", "cuda:1", "cuda:2", "cuda:3"), True)


@pytest.mark.usefixtures("launched")
@pytest.mark.parametrize(("workers", "world_size"), [(2, None), (None, 2)])
def test_processes_that_were_launched_are_not_divided(workers: int | None, world_size: int | None):
    with pytest.raises(BenchError, match="4 processes were launched, which run one stage at a time"):
        choose_machine("cpu", workers, [], executor="torchrun", world_size=world_size)


@pytest.mark.usefixtures("launched")
def test_another_executor_is_another_executor():
    assert choose_machine("cpu", 2, [(None, SMALL)]).world_size == 1


def test_a_host_with_other_versions_is_refused_by_every_process():
    """Each of them has heard of all hosts when they meet."""
    here = versions()
    every = [("node1", here), ("node2", here), ("node3", here | {"torch": "1.0"})]
    ranks: Any = SimpleNamespace(gathered=lambda _: every)
    with pytest.raises(BenchError, match=r"found on node3 torch 1\.0 in the place of .*; install the same") as refused:
        refuse_unlike_hosts(ranks)
    assert refused.value.exit_code is ExitCode.UNAVAILABLE
    ranks.gathered = lambda _: every[:2]
    refuse_unlike_hosts(ranks)
