"""A short soak in CI, and what the page says of the last full one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import ROOT

from benchbench import stages

from .progress import IN_BUFFER, IN_HALVES, IN_ROUND
from .record import CLOCKS, PAGE, PAGED, ROUNDS, lines, read_record, with_lines
from .same import differences, left_behind, snapshot

SEED = "3"


def test_a_comparison_that_is_killed_six_times_ends_in_the_same_bytes(tmp_path: Path):
    """Fewer kills of a shorter `make soak`; a failure says its seed, and what to compare is kept."""
    counts = tmp_path / "soak.json"
    line = ["--kills", "6", "--seed", SEED, "--script-every", "0", "--worlds", "policies", "--write", counts]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.soak", *line],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert f"seed {SEED}: 6 kills" in ended.stderr
    record = json.loads(counts.read_text())
    assert record["kills"] == sum(record["sent"].values()) == 6 and record["files_compared"] > 200


def test_another_byte_is_a_difference_and_another_time_is_none(tmp_path: Path):
    folders = [tmp_path / name for name in ("one", "other")]
    for number, folder in enumerate(folders):
        (folder / "runs" / "sft").mkdir(parents=True)
        (folder / "results" / "micro").mkdir(parents=True)
        record = {
            "status": "done",
            "seconds": number,
            "attempts": number,
            "summary": {"calls": number, "cached": -number},
        }
        (folder / "runs" / "sft" / "status.json").write_text(json.dumps(record))
        (folder / "results" / "micro" / "ledger.csv").write_text(f"row,draw_seconds,labels\ndpo,{number}.5,3\n")
        (folder / "results" / "micro" / "report.md").write_text(f"| dpo | 0.{number}/0.3/0.7 |\n")
    one, other = (snapshot(folder, ["results"]) for folder in folders)
    assert len(one) == 3 and differences(one, other) == []
    (folders[1] / "results" / "micro" / "ledger.csv").write_text("row,draw_seconds,labels\ndpo,0.5,4\n")
    (folders[1] / "runs" / "sft" / "status.json").write_text('{"status": "done", "summary": {"calls": 1, "cached": 0}}')
    (folders[1] / "runs" / "more").write_text("")
    assert differences(one, snapshot(folders[1], ["results"])) == [
        "results/micro/ledger.csv",
        "runs/more",
        "runs/sft/status.json",
    ]


def test_drafts_and_what_was_set_aside_are_left_behind(tmp_path: Path):
    from benchbench.store.files import written

    with written(tmp_path / "a.json") as draft:
        draft.write_text("{}")
        assert left_behind(tmp_path) == [draft.name]
    (tmp_path / "b.json.damaged").write_text("")
    assert left_behind(tmp_path) == ["b.json.damaged"]


def test_the_last_full_soak_sent_200_signals_to_every_kind_of_stage():
    record = read_record()
    assert record["kills"] == sum(record["sent"].values()) == sum(record["by_moment"].values()) >= 200
    assert {*stages.kinds()} <= record["by_moment"].keys()
    assert {"planning", "checkpoint", "tables", "any time"} <= record["by_moment"].keys()
    assert len(record["sent"]) == 12 and record["files_that_differ"] == 0


def test_the_last_full_soak_of_rounds_went_on_within_rounds_buffers_and_halves():
    record = read_record(ROUNDS)
    assert record["kills"] == sum(record["sent"].values()) >= 40 and record["files_that_differ"] == 0
    assert {"rollout", "label", "select", "preference", "checkpoint"} <= record["by_moment"].keys()
    assert all(record["half_way"][what] > 0 for what in (IN_ROUND, IN_BUFFER, IN_HALVES))


def test_the_last_soak_with_jumping_clocks_had_jumps_in_every_life():
    record = read_record(CLOCKS)
    jumps = record["clock_jumps"]
    assert record["kills"] == sum(record["sent"].values()) >= 40 and record["files_that_differ"] == 0
    assert record["lives_with_another_clock"] == record["lives"] <= sum(jumps.values())
    assert min(jumps["forwards"], jumps["backwards"]) > 10


@pytest.mark.parametrize("name", PAGED)
def test_the_page_says_the_committed_counts(name: str):
    text = PAGE.read_text(encoding="utf-8")
    assert text == with_lines(text, read_record(name), name) and len(lines(read_record(name))) > 20
