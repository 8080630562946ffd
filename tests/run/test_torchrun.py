"""Groups of processes that train a stage together: what becomes of a stage when one of them ends or fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchbench.core.records import StageSpec
from benchbench.run import torchrun
from benchbench.run.executor import StageEnded, StageEvent, StageLost, StageNeeds, StageProgress
from benchbench.run.torchrun import TorchrunExecutor
from benchbench.store.runs import RunStore

from . import fake_ranks

TOGETHER = StageNeeds(devices=2)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def executor(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[TorchrunExecutor]:
    monkeypatch.setattr(torchrun, "FAULT_SECONDS", 0.2)
    executor = TorchrunExecutor(store.root, [("cpu", "cpu")], threads=1, target=fake_ranks.work_together)
    yield executor
    executor.close()


def stage(title: str, **settings: object) -> StageSpec:
    return StageSpec("sft", title, {"title": title, **settings}, {}, {})


def ran(executor: TorchrunExecutor, spec: StageSpec, needs: StageNeeds = TOGETHER) -> list[StageEvent]:
    """Every event of a stage, up to its end."""
    executor.submit(spec, needs, executor.slots()[0])
    events: list[StageEvent] = []
    while not (events and isinstance(events[-1], StageEnded | StageLost)):
        events += executor.events(timeout=0.1)
    return events


def pids(executor: TorchrunExecutor) -> list[int | None]:
    return [rank.process.pid for group in executor._groups.values() for rank in group.ranks]


def test_a_group_serves_one_stage_after_another_on_as_many_processes_as_each_takes(executor: TorchrunExecutor):
    progress, ended = ran(executor, stage("first"))
    assert isinstance(progress, StageProgress)
    assert isinstance(ended, StageEnded)
    assert ended.record.summary["processes"] == 2
    before = pids(executor)
    *_, ended = ran(executor, stage("second"), StageNeeds(devices=1))
    assert isinstance(ended, StageEnded)
    assert ended.record.summary == {"pid": before[0], "processes": 1}
    *_, ended = ran(executor, stage("spread"), StageNeeds(devices=2, engine_devices=2))
    assert isinstance(ended, StageEnded)
    assert ended.record.summary == {"pid": before[0], "processes": 1, "spread": ("cpu", "cpu")}, "it has both cards"
    *_, ended = ran(executor, stage("third"))
    assert isinstance(ended, StageEnded)
    assert pids(executor) == before


@pytest.mark.parametrize("number", [0, 1])
def test_where_one_process_ends_the_others_are_ended_and_the_stage_is_lost(number: int, executor: TorchrunExecutor):
    *_, lost = ran(executor, stage("dies", dies=number))
    assert isinstance(lost, StageLost)
    assert lost.reason.startswith(f"process {number} of 2 ended with exit code 9 (-9: killed, often out of memory)")
    assert lost.reason.endswith("the same command goes on from the last checkpoint")
    assert not pids(executor)
    *_, ended = ran(executor, stage("after"))
    assert isinstance(ended, StageEnded), "the slot is free, and has processes again"


def test_a_process_that_fails_alone_ends_the_stage_with_its_reason(executor: TorchrunExecutor):
    *_, lost = ran(executor, stage("fails", fails=1))
    assert lost == StageLost(lost.key, "process 1 of 2: no such file")


def test_an_error_of_the_user_is_the_record_of_the_first(executor: TorchrunExecutor, store: RunStore):
    """All processes meet it, and whichever is first to say so, the stage has failed with the user's exit code."""
    spec = stage("both", fails=1, first=True)
    *_, ended = ran(executor, spec)
    assert ended == StageEnded(spec.key, store.record(spec.key))
    assert ended.record.summary == {"exit_code": 2}


@pytest.mark.parametrize("late", [False, True], ids=["the first fails first", "the others fail first"])
def test_processes_that_failed_together_serve_no_other_stage(
    late: bool, executor: TorchrunExecutor, monkeypatch: pytest.MonkeyPatch
):
    """Where one of them stopped within the stage is not known, so a sum of the next could meet one of the last."""
    monkeypatch.setattr(torchrun, "FAULT_SECONDS", 30)
    *_, ended = ran(executor, stage("both", fails=1, first=True, late=late))
    assert isinstance(ended, StageEnded)
    assert not pids(executor)


def test_a_stage_that_failed_in_the_first_alone_ends_its_group(executor: TorchrunExecutor):
    ran(executor, stage("first", first=True, late=True))
    assert not pids(executor)


def test_the_reason_is_of_the_process_that_failed_first(executor: TorchrunExecutor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torchrun, "FAULT_SECONDS", 30)
    *_, lost = ran(executor, stage("both", fails=1, first=True, late=True, summary={}))
    assert lost == StageLost(lost.key, "process 1 of 2: no such file")


def test_a_stop_that_comes_while_nothing_runs_ends_what_is_started_later(executor: TorchrunExecutor):
    executor.stop(hard=False)
    *_, lost = ran(executor, stage("late", dies=1))
    assert isinstance(lost, StageLost)


def test_two_stages_on_one_slot_are_a_mistake_of_ours(executor: TorchrunExecutor):
    executor.submit(stage("first", fails=1), TOGETHER, executor.slots()[0])
    with pytest.raises(ValueError, match="slot 0: sft/.* is running there"):
        executor.submit(stage("second"), TOGETHER, executor.slots()[0])
    executor.stop(hard=True)


def test_nothing_that_was_started_outlives_the_executor(executor: TorchrunExecutor):
    ran(executor, stage("first"))
    started, folders = pids(executor), [Path(group.folder.name) for group in executor._groups.values()]
    executor.close()
    assert len(started) == 2
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]
    assert not [folder for folder in folders if folder.exists()]
