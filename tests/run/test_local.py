"""Stages in worker processes, one per device; a failed stage leaves its record and blocks only those that read it."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, Ended, bench

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.core.records import StageRecord, StageSpec
from benchbench.run.executor import StageEnded, StageLost, StageNeeds
from benchbench.run.local import LocalExecutor
from benchbench.run.machine import choose_machine, cuda_card_count
from benchbench.run.needs import needs_of
from benchbench.run.scheduler import RunResult, Scheduler
from benchbench.store.runs import RunStore

from . import fake_worker
from .test_scheduler import Heard


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    """A comparison in which dpo diverges and simpo does not, run by two workers."""
    folder = tmp_path_factory.mktemp("half")
    bad = folder / "bad.yaml"
    bad.write_text(f"name: bad\nsetting: {MICRO}\nmethod: {{name: dpo}}\npreference: {{learning_rate: 1e30}}\n")
    ended = bench(
        *("compare", bad, "simpo", "--setting", MICRO, "--seeds", 1, "--workers", 2),
        *("--runs", folder / "runs", "--results", folder / "results"),
    )
    return ended, folder


def statuses(runs: Path) -> dict[str, dict[str, Any]]:
    """Title -> record of every stage that has one."""
    records = {}
    for path in runs.glob("*/*/status.json"):
        lock = (path.parent / "lock.yaml").read_text()
        title = next(line for line in lock.splitlines() if line.startswith("title: ")).removeprefix("title: ")
        records[title] = json.loads(path.read_text())
    return records


def test_a_grid_with_a_failed_cell_ends_with_code_four_and_makes_no_table(half: tuple[Ended, Path]):
    ended, folder = half
    assert ended.code == 4
    assert "incomplete: 1 problem" in ended.err
    assert "dpo seed 1: stage 'dpo seed 1' failed: training diverged at step 2" in ended.err
    assert "Traceback" not in ended.err
    assert "pair_accuracy under" not in ended.out
    assert not (folder / "results").exists()


def test_a_failed_stage_leaves_its_record_with_step_and_examples(half: tuple[Ended, Path]):
    record = statuses(half[1] / "runs")["dpo seed 1"]
    assert record["status"] == "failed"
    assert "training diverged at step 2" in record["message"]
    assert "examples of the step: train-000" in record["message"]
    assert "learning_rate" in record["message"]
    assert record["seconds"] > 0
    assert record["environment"]["device_kind"] == "cpu"


def test_the_others_go_on_and_those_that_wait_for_it_do_not_start(half: tuple[Ended, Path]):
    records = statuses(half[1] / "runs")
    assert {title: record["status"] for title, record in records.items()} == {
        "sft seed 1": "done",
        "reference log-probabilities seed 1": "done",
        "dpo seed 1": "failed",
        "simpo seed 1": "done",
        "score simpo seed 1 on test": "done",
        "score sft seed 1 on test": "done",
    }


def test_the_failure_is_a_line_among_the_progress(half: tuple[Ended, Path]):
    line = next(line for line in half[0].err.splitlines() if "dpo seed 1: failed" in line)
    assert line.startswith("[")
    assert "training diverged" in line


def test_our_own_bug_leaves_its_traceback_in_the_record_and_blocks_what_reads_it(tmp_path: Path):
    """Stages without the settings that they need: the first cannot be read, the second would read the first."""
    store = RunStore(tmp_path / "runs")
    first = StageSpec("sft", "broken", {"model": {}}, {}, {})
    second = StageSpec("score", "reader", {}, {"policy": first.key}, {})
    heard = Heard()
    executor = LocalExecutor(store.root, ["cpu"], threads=1)
    result = Scheduler(executor, store, heard).run({spec.key: spec for spec in (first, second)})
    assert list(result.failed) == [first.key]
    assert list(result.blocked) == [second.key]
    assert result.signal is None
    message = store.record(first.key).message
    assert message.startswith("Traceback")
    assert "ValidationError" in message
    assert store.record(second.key) is None
    assert heard.events == [("started", "broken"), ("failed", "broken")]
    assert store.record(first.key).environment["device"] == "cpu"


def test_nothing_is_started_for_stages_that_are_finished(tmp_path: Path):
    store = RunStore(tmp_path / "runs")
    spec = StageSpec("sft", "finished", {}, {}, {})
    record = store.begin(spec, {"device_kind": "cpu"})
    store.write(StageRecord(**{**record.__dict__, "status": "done"}))
    heard = Heard()
    before = set(os.listdir(f"/proc/{os.getpid()}/task"))
    executor = LocalExecutor(store.root, ["cpu", "cpu"], threads=1)
    assert Scheduler(executor, store, heard).run({spec.key: spec}) == RunResult()
    assert heard.events == []
    assert set(os.listdir(f"/proc/{os.getpid()}/task")) == before


def test_an_example_that_is_too_long_ends_the_command_with_the_users_code(tmp_path: Path):
    """With `truncation: error`; nothing that is left of the stage can be mistaken for a result."""
    ended = bench(
        *("train", "sft", "--setting", MICRO, "--seeds", 1, "--set", "sft.max_length=24", "--workers", 2),
        *("--runs", tmp_path / "runs", "--results", tmp_path / "results"),
    )
    assert ended.code == 2, ended.err
    assert "sft seed 1" in ended.err
    assert "tokens, more than max_length 24; raise it, or choose truncation right, left or drop" in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "results").exists()
    (folder,) = (tmp_path / "runs" / "sft").iterdir()
    assert {path.name for path in folder.iterdir()} == {"lock.yaml", "env.json", "status.json"}


CARDS = ("cuda:0", "cuda:1")
SECONDS_TO_END = 120
"""As a machine with two would have them; the workers of these tests compute nothing."""


def small(title: str, **settings: object) -> StageSpec:
    return StageSpec("sft", title, {"title": title, **settings}, {}, {})


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    (tmp_path / "runs" / "running").mkdir(parents=True)
    return RunStore(tmp_path / "runs")


@pytest.fixture
def executor(store: RunStore) -> Iterator[LocalExecutor]:
    executor = LocalExecutor(store.root, CARDS, threads=3, target=fake_worker.work)
    yield executor
    executor.close()


def devices(store: RunStore, *specs: StageSpec) -> list[str]:
    """As the records say."""
    return [json.loads((store.folder(spec.key) / "status.json").read_text())["environment"]["device"] for spec in specs]


def all_ended(executor: LocalExecutor, count: int) -> list[StageEnded | StageLost]:
    """So many events that are no progress: workers that end at one moment are heard in one call."""
    heard: list[StageEnded | StageLost] = []
    deadline = time.monotonic() + SECONDS_TO_END
    while len(heard) < count:
        assert time.monotonic() < deadline, f"{len(heard)} of {count} stages ended"
        heard += [event for event in executor.events(timeout=1) if isinstance(event, StageEnded | StageLost)]
    return heard


def until_ended(executor: LocalExecutor) -> StageEnded | StageLost:
    """The next event that is no progress, where one stage is running."""
    (event,) = all_ended(executor, 1)
    return event


def test_eight_workers_have_a_card_each_and_no_card_has_two_stages_at_once(store: RunStore):
    """Of 24 stages the first eight wait for each other; a stage that meets another one on its card ends its worker."""
    (store.root / fake_worker.HOLDING).mkdir()
    machine = choose_machine("cuda", 8, (), card_count=lambda: 8)
    executor = LocalExecutor(store.root, machine.devices, threads=3, target=fake_worker.work)
    specs = [small(f"stage {number}", meet=8 if number < 8 else 0) for number in range(24)]
    assert Scheduler(executor, store, Heard()).run({spec.key: spec for spec in specs}) == RunResult()
    assert sorted(devices(store, *specs[:8])) == [f"cuda:{number}" for number in range(8)]
    assert set(devices(store, *specs)) == set(machine.devices)
    assert len({store.record(spec.key).summary["pid"] for spec in specs}) == 8
    assert {store.record(spec.key).environment["threads"] for spec in specs} == {3}


def test_a_worker_is_used_again_before_another_one_starts(store: RunStore, executor: LocalExecutor):
    chain = [small("first")]
    for number in range(3):
        chain.append(StageSpec("sft", f"later {number}", {"number": number}, {"before": chain[-1].key}, {}))
    assert Scheduler(executor, store, Heard()).run({spec.key: spec for spec in chain}) == RunResult()
    assert devices(store, *chain) == ["cuda:0"] * 4
    assert len({store.record(spec.key).summary["pid"] for spec in chain}) == 1


def test_the_card_of_a_lost_worker_comes_back_and_a_new_worker_takes_it(store: RunStore, executor: LocalExecutor):
    dies, beside, after = small("dies", die=True), small("beside"), small("after")
    first, second = executor.slots()
    executor.submit(beside, StageNeeds(), second)
    ended = until_ended(executor)
    assert ended == StageEnded(beside.key, store.record(beside.key))
    executor.submit(dies, StageNeeds(), first)
    lost = until_ended(executor)
    assert lost == StageLost(dies.key, "the worker process ended with exit code 9 (-9: killed, often out of memory)")
    assert executor.slots() == [second, first], "a living worker comes first"
    executor.submit(after, StageNeeds(), first)
    assert isinstance(until_ended(executor), StageEnded)
    assert devices(store, dies, beside, after) == ["cuda:0", "cuda:1", "cuda:0"]


def test_a_grid_goes_on_after_a_lost_worker_on_both_cards(store: RunStore, executor: LocalExecutor):
    specs = [small("dies", die=True), *(small(f"stage {number}", meet=5 if number > 1 else 0) for number in range(4))]
    result = Scheduler(executor, store, Heard()).run({spec.key: spec for spec in specs})
    assert list(result.failed) == [specs[0].key]
    assert store.record(specs[0].key).message.startswith("the worker process ended with exit code 9")
    assert store.record(specs[0].key).environment["device"] == "cuda:0"
    assert sorted(devices(store, *specs[3:])) == list(CARDS), "the last two stages wait for each other"


def test_a_worker_that_died_while_it_had_nothing_to_do_is_replaced(store: RunStore, executor: LocalExecutor):
    first, second = small("first"), small("second")
    slot = executor.slots()[0]
    executor.submit(first, StageNeeds(), slot)
    ended = until_ended(executor)
    assert isinstance(ended, StageEnded)
    os.kill(ended.record.summary["pid"], 9)
    executor._workers[slot.number].process.join(10)
    executor.submit(second, StageNeeds(), slot)
    again = until_ended(executor)
    assert isinstance(again, StageEnded)
    assert again.record.summary["pid"] != ended.record.summary["pid"]


def test_two_stages_on_one_slot_are_a_mistake_of_ours(executor: LocalExecutor):
    slot = executor.slots()[0]
    executor.submit(small("first", meet=9), StageNeeds(), slot)
    with pytest.raises(ValueError, match="slot 0: sft/.* is running there"):
        executor.submit(small("second"), StageNeeds(), slot)
    executor.stop(hard=True)
    assert isinstance(until_ended(executor), StageLost)


def test_nothing_that_was_started_outlives_the_executor(store: RunStore):
    executor = LocalExecutor(store.root, CARDS, threads=1, target=fake_worker.work)
    for number, slot in enumerate(executor.slots()):
        executor.submit(small(f"stage {number}", meet=2), StageNeeds(), slot)
    pids = [worker.process.pid for worker in executor._workers.values()]
    time.sleep(0.5)  # both have ended: one call hears of both
    assert len(all_ended(executor, 2)) == 2
    executor.close()
    assert len(pids) == 2
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_worker_is_told_its_part_of_the_card_and_whether_others_have_one(store: RunStore):
    executor = LocalExecutor(store.root, ["cuda:0", "cuda:0", "cuda:1"], threads=1, target=fake_worker.work)
    specs = [small(str(number)) for number in range(3)]
    for spec, slot in zip(specs, sorted(executor.slots(), key=lambda slot: slot.number), strict=True):
        executor.submit(spec, StageNeeds(devices=0.5), slot)
    try:
        records = {event.key: event.record for event in all_ended(executor, 3) if isinstance(event, StageEnded)}
    finally:
        executor.close()
    about = [(records[spec.key].environment["device"], records[spec.key].environment["part"]) for spec in specs]
    assert about == [("cuda:0", [0.5, True]), ("cuda:0", [0.5, True]), ("cuda:1", [0.5, False])]


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda:0", marks=pytest.mark.gpu)])
def test_stages_that_share_a_device_have_the_numbers_of_stages_that_have_it_alone(device: str, tmp_path: Path):
    """Two trainings side by side and their scores, each on half of the device, against one after the other."""
    if device != "cpu" and cuda_card_count() == 0:
        pytest.skip("this machine has no CUDA")
    options = RunOptions(device, runs=tmp_path / "alone")
    sets = ["preference.max_steps=3", "sft.max_steps=2"]
    request = CompareRequest(["dpo", "simpo"], str(MICRO), ["1"], overrides=sets, pairs_only=True)
    stages = prepare_comparison(request, options).session.plan.stages
    first = {key: spec for key, spec in stages.items() if "dpo" not in spec.title and "simpo" not in spec.title}
    ran(options.store, first, [device])
    shutil.copytree(tmp_path / "alone", tmp_path / "shared")
    halves = RunStore(tmp_path / "shared")
    ran(options.store, stages, [device])
    ran(halves, stages, [device] * 2, needs=partial(needs_of, device_share=0.5))
    assert len(stages) - len(first) == 4
    for key in stages.keys() - first.keys():
        records = [each.record(key) for each in (options.store, halves)]
        assert [record.environment["device_share"] for record in records if record is not None] == [1.0, 0.5]
        files = [read_files(each.folder(key)) for each in (options.store, halves)]
        assert files[0] and files[0] == files[1], stages[key].title


def ran(store: RunStore, stages: Mapping[str, StageSpec], devices: list[str], **more: Any) -> None:
    """Run stages to their end on slots of these devices."""
    result = Scheduler(LocalExecutor(store.root, devices, threads=1), store, Heard(), **more).run(stages)
    assert not result.failed


def read_files(folder: Path) -> dict[str, bytes]:
    """The numbers of a stage: weights, rows, and what training logged."""
    named = (*folder.rglob("*.safetensors"), *folder.glob("*.parquet"), *folder.glob("train.jsonl"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in named}
