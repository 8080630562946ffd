"""`bench audit seeds`: rows of finished runs, with recipes and without, copies of a run, and pairs that are none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from harness import MICRO, WIDE, bench, finish, reseal

SEEDS = (1, 2)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row and remark in one line."""
    monkeypatch.setenv("COLUMNS", WIDE)


@pytest.fixture(scope="module")
def finished_pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two methods at two seeds."""
    runs = tmp_path_factory.mktemp("seeds") / "runs"
    assert set(finish(["dpo", "simpo"], runs=runs, seeds=SEEDS).values()) == {"done"}
    return runs


def words(runs: Path, *more: object) -> list[object]:
    return ["audit", "seeds", "dpo", "simpo", "--setting", MICRO, "--runs", runs, "--seeds", *SEEDS, *more]


def rows(ended) -> dict[str, dict]:
    return {row["row"]: row for row in ended.json["rows"]}


def test_different_seeds_are_different_runs_and_paired(finished_pair: Path):
    ended = bench(*words(finished_pair, "--json"))
    assert ended.code == 0, ended.err
    assert {*rows(ended)} == {"dpo", "simpo"} and ended.json["findings"] == []
    for row in rows(ended).values():
        assert row["runs"] == [[1], [2]] and row["looked_at"] == "settings and scored rows"
        assert row["losses"].startswith("all different from logged step")
    shown = bench(*words(finished_pair))
    assert "preference, sft: its seed" in shown.out and "2 of 2" in shown.out


def test_without_a_target_every_policy_of_the_runs_is_looked_at(finished_pair: Path):
    ended = bench("audit", "seeds", "--runs", finished_pair, "--json")
    assert ended.code == 0, ended.err
    assert {*rows(ended)} == {"dpo", "simpo", "sft"} and ended.json["folders_not_read"] == 0
    assert rows(ended)["dpo"]["group"] == rows(ended)["simpo"]["group"] != rows(ended)["sft"]["group"]
    assert all(row["runs"] == [[1], [2]] for row in rows(ended).values())
    refused = bench("audit", "seeds", "--runs", finished_pair, "--seeds", 1)
    assert refused.code == 2 and "without a target" in refused.err


def test_the_rows_of_another_seed_are_a_copy_whatever_the_settings_say(finished_pair: Path, tmp_path: Path):
    runs = Path(shutil.copytree(finished_pair, tmp_path / "runs"))
    scored = {}
    for folder in (runs / "score").iterdir():
        lock = (folder / "lock.yaml").read_text(encoding="utf-8")
        for seed in SEEDS:
            if f"title: score dpo seed {seed} on test" in lock:
                scored[seed] = folder / "rows.parquet"
    shutil.copyfile(scored[1], scored[2])
    reseal(runs, f"score/{scored[2].parent.name}")
    for line in (words(runs), ["audit", "seeds", "--runs", runs]):
        ended = bench(*line)
        assert ended.code == 3
        assert "dpo: 2 seeds are 1 run, not 2" in ended.err and "simpo" not in ended.err


def test_methods_that_draw_from_different_seeds_are_no_pairs(finished_pair: Path, tmp_path: Path):
    path = tmp_path / "fixed.yaml"
    path.write_text(
        f"name: fixed\nsetting: {MICRO}\nmethod: {{name: simpo}}\nseeds: {{list: [1, 2], scope: init_only}}\n",
        encoding="utf-8",
    )
    line = ("audit", "seeds", "dpo", path, "--setting", MICRO, "--runs", finished_pair, "--seeds", 1, 2, "--json")
    ended = bench(*line)
    assert ended.code == 3
    assert "order of preference at seed 1 is not paired: dpo from 1, simpo from 42" in ended.err
    assert rows(ended)["simpo"]["not_run"] == [1, 2]


def test_what_has_not_run_is_not_passed(finished_pair: Path):
    line = ("audit", "seeds", "dpo", "--setting", MICRO, "--runs", finished_pair, "--seeds", 1, 3)
    ended = bench(*line)
    assert ended.code == 4 and "dpo seed 3" in ended.err and "dpo seed 1" not in ended.err
    assert "settings alone" in ended.out


def test_nothing_to_look_at_is_said(tmp_path: Path):
    ended = bench("audit", "seeds", "--runs", tmp_path / "empty")
    assert ended.code == 5 and "expected finished stages, found none" in ended.err
