"""`bench status`: states by records and leases, progress and heartbeat by what a stage wrote."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from harness import Finished, bench

from benchbench.commands.status import status
from benchbench.core.records import StageRecord, StageSpec
from benchbench.store.processes import given_command
from benchbench.store.runs import RunStore
from benchbench.store.sessions import running_plan, sessions

ENVIRONMENT = {"device_kind": "cpu"}
DAY = 86400.0


def spec(number: int, title: str = "") -> StageSpec:
    return StageSpec("sft", title or f"sft seed {number}", {"seed": number}, {}, {})


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """Five stages: finished, failed, interrupted, said to be running, and without a record; no process is at work."""
    store = RunStore(tmp_path / "runs")
    records = [store.begin(spec(number), ENVIRONMENT) for number in range(4)]
    store.write(replace(records[0], status="done", summary={"steps": 40}))
    store.write(replace(records[1], status="failed", message="Traceback\n  ...\nValueError: no luck\n"))
    store.write(replace(records[2], status="interrupted"))
    store.note_progress(records[2].key, step=10, steps=40)
    log = '{"loss": 1.0, "step": 7}\n{"loss": 0.9, "step": 8}\n{"loss"'
    (store.folder(records[3].key) / "train.jsonl").write_text(log)
    store.folder("score/abc").mkdir(parents=True)
    return store


def test_states_follow_from_records_where_no_process_is_at_work(store: RunStore):
    now = status(store)
    assert [(each.state, each.stage) for each in now.stages] == [
        ("stale", "score/abc"),
        ("stale", "sft seed 3"),
        ("interrupted", "sft seed 2"),
        ("failed", "sft seed 1"),
        ("finished", "sft seed 0"),
    ]
    assert now.counts == {"running": 0, "stale": 2, "interrupted": 1, "failed": 1, "finished": 1}


def test_a_stage_runs_while_a_process_holds_its_lock(store: RunStore):
    key = spec(3).key
    with store.claim(key):
        (row,) = [each for each in status(store).stages if each.key == key]
        assert row.state == "running" and row.owner.startswith(f"process {os.getpid()} on ")
        assert row.seconds_since_heartbeat < 60
        assert f"sft seed 3: process {os.getpid()} on" in bench("status", "--runs", store.root).text
    (row,) = [each for each in status(store).stages if each.key == key]
    assert row.state == "stale", "the lock went with its holder"


def test_a_killed_process_leaves_a_stale_stage(store: RunStore):
    """A process of its own takes the lock, and dies by SIGKILL."""
    key = spec(3).key
    code = (
        "import sys, time; from pathlib import Path; from benchbench.store.runs import RunStore\n"
        f"with RunStore(Path({str(store.root)!r})).claim({key!r}): print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    assert status(store).counts["running"] == 1
    process.kill()
    process.wait()
    process.stdout.close()
    assert status(store).counts["running"] == 0


def test_what_did_not_finish_is_listed_with_the_command_that_goes_on(store: RunStore, monkeypatch: pytest.MonkeyPatch):
    """Two commands ended before their stages did; the later one planned two of the three."""
    monkeypatch.setenv("COLUMNS", "200")
    with given_command("bench train a.yaml"), running_plan(store, [spec(number) for number in range(4)]):
        pass
    assert len(sessions(store)) == 1
    with monkeypatch.context() as patch, given_command("bench compare a b"):
        patch.setattr("os.getcwd", lambda: "/else where")
        with running_plan(store, [spec(0), spec(1), spec(2)]):
            pass
    commands = {each.stage: each.command for each in status(store).stages}
    there = "cd '/else where' && bench compare a b"
    assert commands["sft seed 1"] == commands["sft seed 2"] == there
    assert (commands["sft seed 3"], commands["score/abc"]) == ("bench train a.yaml", "")
    ended = bench("status", "--runs", store.root)
    assert f"goes on with 2 of them: {there}" in ended.text
    assert "goes on with 1 of them: bench train a.yaml" in ended.text


def test_a_command_that_finished_all_its_stages_is_forgotten(store: RunStore):
    with given_command("bench train a.yaml"), running_plan(store, [spec(0)]):
        (session,) = sessions(store)
        assert session.holder is not None and session.stages == {spec(0).key}
    assert sessions(store) == []


def test_progress_is_what_was_noted_else_the_last_whole_line_of_the_log(store: RunStore):
    rows = {each.stage: (each.step, each.steps) for each in status(store).stages}
    assert rows == {
        "sft seed 0": (40, 40),
        "sft seed 1": (None, None),
        "sft seed 2": (10, 40),
        "sft seed 3": (8, None),
        "score/abc": (None, None),
    }


def test_the_heartbeat_is_the_last_thing_that_was_written(store: RunStore):
    folder = store.folder(spec(3).key)
    day_ago = time.time() - DAY
    for path in folder.iterdir():
        os.utime(path, (day_ago, day_ago))
    os.utime(folder / "train.jsonl", (day_ago + 60, day_ago + 60))
    (row,) = [each for each in status(store).stages if each.stage == "sft seed 3"]
    assert row.seconds_since_heartbeat == pytest.approx(DAY - 60, abs=30)
    assert row.shown()["heartbeat"][:4] in ("23 h", "24 h")


def test_the_verb_lists_what_is_not_finished_and_counts_the_rest(store: RunStore, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "160")
    ended = bench("status", "--runs", store.root)
    assert ended.code == 0, ended.err
    for text in ("step 10 of 40 (25%)", "step 8", "ValueError: no luck", f"{store.root}: 0 running, 2 stale"):
        assert text in ended.text
    assert "its process is gone" in ended.text and "sft seed 0" not in ended.text
    assert "sft seed 0" in bench("status", "--runs", store.root, "--all").text
    listed = bench("status", "--runs", store.root, "--json").json
    assert [row["state"] for row in listed["stages"]] == ["stale", "stale", "interrupted", "failed"]
    assert listed["counts"]["finished"] == 1


def test_a_title_of_several_lines_is_read_whole(tmp_path: Path):
    store, title = RunStore(tmp_path), "score of a method with a long name: " * 6
    store.begin(spec(1, title), ENVIRONMENT)
    assert [each.stage for each in status(store).stages] == [title]


@pytest.mark.parametrize("title", ["title:x", "title: " + "[" * 5000, "title: {a: " * 300, "title: " + "9" * 5000])
def test_the_key_stands_for_a_title_that_is_none(tmp_path: Path, title: str):
    store = RunStore(tmp_path)
    store.begin(spec(1), ENVIRONMENT)
    (store.folder(spec(1).key) / "lock.yaml").write_text(f"{title}\n", encoding="utf-8")
    assert [each.stage for each in status(store).stages] == [spec(1).key]


def test_nothing_is_said_of_a_folder_that_is_not_there(tmp_path: Path):
    ended = bench("status", "--runs", tmp_path / "nothing")
    said = f"{tmp_path / 'nothing'}: 0 running, 0 stale, 0 interrupted, 0 failed, 0 finished"
    assert ended.code == 0
    assert "".join(ended.out.split()) == "".join(said.split())  # a long path is folded


def test_a_finished_comparison_is_all_finished_and_nothing_is_written(finished: Finished):
    before = {path: path.stat().st_mtime_ns for path in finished.runs.rglob("*")}
    now = status(RunStore(finished.runs))
    assert set(now.counts) - {state for state, number in now.counts.items() if not number} == {"finished"}
    assert all(isinstance(RunStore(finished.runs).record(each.key), StageRecord) for each in now.stages)
    assert {path: path.stat().st_mtime_ns for path in finished.runs.rglob("*")} == before
