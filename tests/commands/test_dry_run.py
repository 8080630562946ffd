"""`--dry-run`: the plan, what is finished, an estimate; nothing runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from harness import MICRO, Finished, bench, finish, leftovers


@pytest.mark.parametrize("verb", ["train", "compare"])
def test_from_nothing_everything_is_to_run_and_nothing_does(tmp_path: Path, verb: str):
    line = (
        verb,
        "dpo",
        "--setting",
        MICRO,
        "--seeds",
        1,
        2,
        "--runs",
        tmp_path / "runs",
        "--results",
        tmp_path / "res",
    )
    ended = bench(*line, "--dry-run")
    assert ended.code == 0, ended.err
    assert "to run; no estimate: a stage of one of these kinds never ran here" in ended.text
    assert "finished" not in ended.out
    assert leftovers(tmp_path / "runs") == []
    assert not (tmp_path / "res").exists()


def test_finished_stages_are_told_with_their_seconds(finished: Finished, tmp_path: Path):
    line = (*finished.line, "--runs", finished.runs, "--results", tmp_path, "--dry-run")
    ended = bench(*line)
    assert ended.code == 0, ended.err
    assert "15 cells, 42 stages, 0 to run; nothing left to run" in ended.out
    stages = bench(*line, "--json").json
    assert stages["seconds_left"] == 0
    assert {stage["status"] for stage in stages["stages"]} == {"finished"}
    assert all(stage["seconds"] > 0 for stage in stages["stages"])
    assert list(tmp_path.iterdir()) == []


def test_what_is_left_is_estimated_from_what_ran_here(finished: Finished):
    plan = bench(
        "compare", "orpo", "--setting", MICRO, "--seeds", 1, "--runs", finished.runs, "--dry-run", "--json"
    ).json
    left = [stage for stage in plan["stages"] if stage["status"] != "finished"]
    assert {stage["stage"] for stage in left} == {"orpo seed 1", "score orpo seed 1 on test"}
    assert plan["seconds_left"] == pytest.approx(sum(stage["seconds"] for stage in left))
    assert plan["seconds_left"] > 0


def test_a_failed_stage_is_to_run_again(tmp_path: Path):
    sets = ["preference.learning_rate=1e30"]
    status = finish(["simpo"], runs=tmp_path / "runs", sets=sets)
    assert sorted(status.values()) == ["blocked", "done", "done", "failed"]
    plan = bench(
        *("compare", "simpo", "--setting", MICRO, "--seeds", 1, "--set", *sets),
        *("--runs", tmp_path / "runs", "--dry-run", "--json"),
    ).json
    assert {stage["stage"]: stage["status"] for stage in plan["stages"]} == {
        "sft seed 1": "finished",
        "simpo seed 1": "to run again",
        "score simpo seed 1 on test": "to run",
        "score sft seed 1 on test": "finished",
    }
    shutil.rmtree(tmp_path / "runs")


@pytest.mark.parametrize("verb", ["train", "compare", "quirks"])
def test_what_is_on_the_hub_alone_is_planned_from_the_recipe(
    tmp_path: Path, verb: str, monkeypatch: pytest.MonkeyPatch
):
    """No network is used, the plan says what it assumes, and no stage has a key."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    line = (verb, "dpo", "ddo_rm", "--setting", "pythia410m_ultrafeedback", "--seeds", 42, "--runs", tmp_path / "runs")
    ended = bench(*line, "--dry-run")
    assert ended.code == 0, ended.err
    assert "model EleutherAI/pythia-410m at revision" in ended.text
    assert "--dry-run forbids the network" in ended.text and "assumed: splits sft, train, test with all" in ended.text
    planned = bench(*line, "--dry-run", "--json").json
    assert {stage["key"] for stage in planned["stages"]} == {None} and len(planned["assumed"]) == 4
    assert {stage["status"] for stage in planned["stages"]} == {"to run"}
    assert {"sft", "reward_model", "preference", "score"} <= {stage["kind"] for stage in planned["stages"]}
    assert leftovers(tmp_path / "runs") == []
