"""The local queue: a failed stage leaves its record, the others go on, those that wait for it do not start."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, Ended, bench

from benchbench.core.records import StageRecord, StageSpec
from benchbench.run.local import LocalQueue
from benchbench.store.runs import RunStore


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
    found = {}
    for path in runs.glob("*/*/status.json"):
        lock = (path.parent / "lock.yaml").read_text()
        title = next(line for line in lock.splitlines() if line.startswith("title: ")).removeprefix("title: ")
        found[title] = json.loads(path.read_text())
    return found


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
    found = statuses(half[1] / "runs")
    assert {title: record["status"] for title, record in found.items()} == {
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


class Watched:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def started(self, spec: StageSpec) -> None:
        self.events.append(("started", spec.title))

    def progress(self, event: Mapping[str, Any]) -> None:
        self.events.append(("progress", str(event["title"])))

    def ended(self, spec: StageSpec, record: StageRecord) -> None:
        self.events.append((record.status, spec.title))


def test_our_own_bug_leaves_its_traceback_in_the_record_and_blocks_what_reads_it(tmp_path: Path):
    """Stages whose settings lack what they need: the first raises a KeyError, the second would read the first."""
    store = RunStore(tmp_path / "runs")
    first = StageSpec("sft", "broken", {"model": {}}, {}, {})
    second = StageSpec("score", "reader", {}, {"policy": first.key}, {})
    watched = Watched()
    ran = LocalQueue(store, device="cpu", workers=1, threads=1, watcher=watched).run(
        {spec.key: spec for spec in (first, second)}
    )
    assert list(ran.failed) == [first.key]
    assert list(ran.blocked) == [second.key]
    assert ran.signal is None
    message = store.record(first.key).message
    assert message.startswith("Traceback")
    assert "KeyError" in message
    assert store.record(second.key) is None
    assert watched.events == [("started", "broken"), ("failed", "broken")]


def test_nothing_is_started_for_stages_that_are_finished(tmp_path: Path):
    store = RunStore(tmp_path / "runs")
    spec = StageSpec("sft", "finished", {}, {}, {})
    record = store.begin(spec, {"device_kind": "cpu"})
    store.write(StageRecord(**{**record.__dict__, "status": "done"}))
    watched = Watched()
    before = set(os.listdir(f"/proc/{os.getpid()}/task"))
    ran = LocalQueue(store, device="cpu", workers=2, threads=1, watcher=watched).run({spec.key: spec})
    assert (ran.failed, ran.blocked, ran.signal) == ({}, (), None)
    assert watched.events == []
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
