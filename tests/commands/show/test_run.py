"""`bench show run`: by key, by folder and by method; what is not there is told with the way out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from harness import MICRO, Finished, bench

from benchbench.core.records import StageRecord, StageSpec
from benchbench.report.sparkline import BLOCKS
from benchbench.store.runs import RunStore

SPEC = StageSpec("sft", "sft seed 1", {"lora": None, "training": {"learning_rate": 2e-3, "bf16": False}}, {}, {})


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """One stage that failed at its third step."""
    store = RunStore(tmp_path / "runs")
    record = store.begin(SPEC, {"device_kind": "cpu", "device": "cpu", "device_name": "a chip", "threads": 2})
    store.write(replace(record, status="failed", seconds=2.0, tokens=3000, message="training diverged\n"))
    lines = [{"step": step, "loss": loss, "grad_norm": 1.0} for step, loss in ((1, 4.0), (2, 2.0), (3, float("nan")))]
    (store.folder(SPEC.key) / "train.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return store


def test_a_stage_is_shown_by_the_beginning_of_its_key(store: RunStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    ended = bench("show", "run", SPEC.key[:9], "--runs", store.root)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("sft seed 1: failed, step 3, last heartbeat ")
    assert max(map(len, ended.out.splitlines())) <= 80
    assert "failed: training diverged" in ended.out and f"key: {SPEC.key}\n" in ended.out
    assert "took: 2.0 s, 3,000 tokens (1,500 a second)" in ended.out and "machine: cpu a chip, threads 2" in ended.out
    assert "loss: 4 at step 1, nan at step 3" in ended.out
    assert f"{BLOCKS[7]}{BLOCKS[0]}!" in ended.out
    assert "training.learning_rate: 0.002" in ended.out and "lora: none" in ended.out and "model: none" in ended.out


def test_a_stage_that_failed_is_shown_with_its_traceback_and_the_last_lines_of_its_log(store: RunStore):
    record = store.record(SPEC.key)
    assert record is not None
    trace = 'Traceback (most recent call last):\n  File "loop.py", line 7, in step\nValueError: [no] luck\n'
    store.write(replace(record, message=trace))
    ended = bench("show", "run", SPEC.key, "--runs", store.root)
    assert "failed: ValueError: [no] luck\n" in ended.out and trace in ended.out
    last = '{"grad_norm": 1.0, "loss": 2.0, "step": 2}\n{"grad_norm": 1.0, "loss": NaN, "step": 3}\n'
    assert "last logged:\n" in ended.out and last in ended.out
    finished = store.write(replace(record, status="done", message=""))
    assert finished and "last logged:" not in bench("show", "run", SPEC.key, "--runs", store.root).out


def test_a_folder_is_as_good_as_a_key_and_json_has_every_number(store: RunStore):
    by_folder = bench("show", "run", store.folder(SPEC.key), "--json")
    assert by_folder.json["curves"]["loss"] == {"step": [1, 2, 3], "value": [4.0, 2.0, None]}
    assert by_folder.json["record"]["status"] == by_folder.json["state"]["state"] == "failed"
    assert by_folder.json["settings"] == SPEC.settings and by_folder.json["model"] is None
    by_key = bench("show", "run", SPEC.key, "--runs", store.root, "--json")
    assert by_key.json["key"] == by_folder.json["key"]


def test_what_names_no_run_is_refused_with_the_way_out(store: RunStore, tmp_path: Path):
    ended = bench("show", "run", "sft/zzz", "--runs", store.root)
    assert ended.code == 2 and "found none; `bench status --all` lists them" in ended.err
    ended = bench("show", "run", SPEC.key, "--runs", store.root, "--seed", 3)
    assert ended.code == 2 and "not read, since" in ended.err
    ended = bench("show", "run", "dpoo")
    assert ended.code == 2 and "Did you mean 'dpo'?" in ended.err
    ended = bench("show", "run", "dpo", "--setting", MICRO, "--seed", "x", "--runs", tmp_path / "none")
    assert ended.code == 2 and "expected whole numbers of 0 or more, got 'x'" in ended.err


def test_a_method_is_shown_at_its_seed(finished: Finished):
    line = ("show", "run", "dpo", "--setting", MICRO, "--runs", finished.runs, "--json")
    shown = bench(*line, "--seed", 3)
    assert shown.code == 0, shown.err
    assert shown.json["title"] == "dpo seed 3" and shown.json["curves"]["loss"]["step"] == [1, 2, 3]
    assert (Path(shown.json["model"]) / "model.safetensors").is_file()
    assert bench(*line).json["title"] == "dpo seed 1", "the first of the recipe"
    absent = bench(*line, "--seed", 77)
    assert absent.code == 4 and "dpo seed 77: expected a run below" in absent.err and "bench train" in absent.err


def test_a_record_without_any_note_of_the_machine_is_shown(tmp_path: Path):
    store = RunStore(tmp_path)
    store.begin(SPEC, {"device_kind": "cpu"})
    store.write(StageRecord(SPEC.key, "done", {"device_kind": "cpu"}))
    ended = bench("show", "run", SPEC.key, "--runs", tmp_path)
    assert ended.code == 0 and "machine: unknown device" in ended.out and "logged" not in ended.out
