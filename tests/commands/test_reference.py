"""`bench reference`: what a clean clone regresses against."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, Finished, bench, finish, leftovers


def test_fewer_than_five_seeds_are_refused(finished: Finished, tmp_path: Path):
    ended = bench(
        *("reference", "dpo", "--setting", MICRO, "--seeds", 1, 2, 3, "--checkpoint", "dpo"),
        *("--runs", finished.runs, "--results", tmp_path / "results"),
    )
    assert ended.code == 2
    assert "a reference needs 5 seeds or more, got 3" in ended.err
    assert leftovers(tmp_path / "results") == []


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("five") / "runs"
    assert set(finish(["simpo"], runs=runs, seeds=range(5)).values()) == {"done"}
    return runs


def test_rows_tables_and_one_checkpoint_are_written(five: Path, tmp_path: Path):
    line = ("reference", "simpo", "--setting", MICRO, "--seeds", *range(5), "--runs", five, "--results", tmp_path)
    ended = bench(*line, "--checkpoint", "simpo", "--json")
    assert ended.code == 0, ended.err
    folder = tmp_path / "reference" / "micro"
    assert ended.json["folder"] == str(folder)
    assert {path.name for path in folder.iterdir()} == {
        *("rows.parquet", "measurements.csv", "tables.md", "about.json", "checkpoint"),
    }
    rows = pd.read_parquet(folder / "rows.parquet")
    assert len(rows) == 2 * 5 * 80  # simpo and sft, five seeds, forty pairs
    assert set(rows["seed"]) == set(range(5))
    assert "| simpo |" in (folder / "tables.md").read_text()
    assert (folder / "checkpoint" / "model.safetensors").is_file()


def test_a_checkpoint_that_is_not_in_the_comparison_is_refused(five: Path, tmp_path: Path):
    line = ("reference", "simpo", "--setting", MICRO, "--seeds", *range(5), "--runs", five, "--results", tmp_path)
    ended = bench(*line, "--checkpoint", "dpo")
    assert ended.code == 2
    assert "--checkpoint: no trained 'dpo' in this comparison" in ended.err
    assert not (tmp_path / "reference").exists()
