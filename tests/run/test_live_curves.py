"""`--log-to`: what a tracker gets of logs that grow, are replaced, or end; and that its faults stop nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benchbench.core.records import StageRecord, StageSpec
from benchbench.run.live_curves import LiveCurves, live_curves, run_name
from benchbench.store.runs import RunStore

SPEC = StageSpec("sft", "sft of dpo@a seed 1", {"seed": 1}, {}, {})
DONE = StageRecord(SPEC.key, "done", {"device_kind": "cpu"})
STEP = {"key": SPEC.key, "step": 1, "steps": 3, "tokens": 9}


@dataclass
class Listener:
    """Notes what it hears."""

    heard: list[str] = field(default_factory=list)

    def started(self, spec: StageSpec) -> None:
        self.heard.append("started")

    def progress(self, event: Mapping[str, Any]) -> None:
        self.heard.append("progress")

    def ended(self, spec: StageSpec, record: StageRecord) -> None:
        self.heard.append(record.status)


@dataclass
class Tracker:
    """Keeps what it is given; stands in for another project's package."""

    runs: dict[str, list[tuple[int, dict[str, float]]]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)

    def __call__(self, name: str, settings: Mapping[str, Any], folder: Path) -> Any:
        tracker = self
        self.runs[name], self.settings[name] = [], dict(settings)

        class Run:
            def log(self, step: int, values: Mapping[str, float]) -> None:
                sys.stdout.write("a tracker that prints\n")
                tracker.runs[name].append((step, dict(values)))

            def close(self) -> None:
                tracker.closed.append(name)

        return Run()


def line(step: int, loss: float) -> str:
    return json.dumps({"step": step, "loss": loss, "kind": "words are no curve"}) + "\n"


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore(tmp_path / "runs")
    store.folder(SPEC.key).mkdir(parents=True)
    return store


def test_lines_are_passed_on_as_they_come_and_half_lines_when_they_are_whole(store: RunStore):
    tracker, listener, log = Tracker(), Listener(), store.folder(SPEC.key) / "train.jsonl"
    curves = LiveCurves(listener, store, "fake", say=print, opens=tracker)
    name = run_name(SPEC)
    curves.started(SPEC)
    curves.progress({"key": SPEC.key, "title": "", "message": "hello"})
    assert tracker.runs == {}, "nothing is opened before there is a number"
    log.write_text(line(1, 3.0) + line(2, 2.0)[:9])
    curves.progress(STEP)
    assert tracker.runs[name] == [(1, {"loss": 3.0})]
    log.write_text(line(1, 3.0) + line(2, 2.0))
    curves.progress(STEP)
    log.write_text(line(1, 3.0) + line(2, 2.0) + line(3, 1.0))
    curves.ended(SPEC, DONE)
    assert tracker.runs[name] == [(1, {"loss": 3.0}), (2, {"loss": 2.0}), (3, {"loss": 1.0})]
    assert tracker.closed == [name] and tracker.settings[name] == {"seed": 1}
    assert listener.heard == ["started", "progress", "progress", "progress", "done"]


def test_a_log_that_is_cut_back_to_a_checkpoint_is_followed_without_a_step_twice(store: RunStore):
    """A resumed stage replaces its log by a shorter file; its first lines were there before it started."""
    tracker, log = Tracker(), store.folder(SPEC.key) / "train.jsonl"
    curves = LiveCurves(Listener(), store, "fake", say=print, opens=tracker)
    log.write_text(line(1, 3.0) + line(2, 2.0))
    curves.started(SPEC)
    curves.progress(STEP)
    shorter = log.with_name("new")
    shorter.write_text(line(1, 3.0))
    shorter.replace(log)
    curves.progress(STEP)
    with log.open("a") as handle:
        handle.write(line(2, 2.0) + line(3, 1.0))
    curves.progress(STEP)
    curves.close()
    assert [step for step, _ in tracker.runs[run_name(SPEC)]] == [1, 2, 3]
    assert tracker.closed == [run_name(SPEC)], "what is open is closed after a stop"


def test_a_tracker_that_fails_is_told_once_and_the_stage_goes_on(store: RunStore):
    said: list[str] = []

    def broken(name: str, settings: Mapping[str, Any], folder: Path) -> Any:
        raise ConnectionError("no server\nand more")

    listener = Listener()
    curves = LiveCurves(listener, store, "fake", say=said.append, opens=broken)
    curves.started(SPEC)
    (store.folder(SPEC.key) / "train.jsonl").write_text(line(1, 3.0))
    curves.progress(STEP)
    curves.progress(STEP)
    curves.ended(SPEC, DONE)
    assert said == [
        "--log-to fake: no more is passed on, since it failed (ConnectionError: no server); the trainings go on, and "
        "train.jsonl of each stage has its whole curve"
    ]
    assert listener.heard == ["started", "progress", "progress", "done"]


def test_what_a_tracker_prints_is_no_result(store: RunStore, capsys: pytest.CaptureFixture[str]):
    curves = LiveCurves(Listener(), store, "fake", say=print, opens=Tracker())
    curves.started(SPEC)
    (store.folder(SPEC.key) / "train.jsonl").write_text(line(1, 3.0))
    curves.progress(STEP)
    captured = capsys.readouterr()
    assert captured.out == "" and "a tracker that prints" in captured.err


def test_nothing_stands_between_where_no_tracker_is_named(store: RunStore):
    listener = Listener()
    with live_curves(None, listener, store, print) as passed_on:
        assert passed_on is listener


def test_a_name_in_a_tracker_has_no_character_that_a_path_cannot_hold():
    assert run_name(SPEC) == f"sft-of-dpo-a-seed-1-{SPEC.fingerprint[:8]}"
