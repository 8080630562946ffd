"""`bench reference`: what a clean clone regresses against."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, Finished, bench, finish, leftovers

from benchbench.commands.reference.tables import derive, main
from benchbench.core.errors import BenchError


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


def test_what_follows_from_the_rows_is_made_again_without_training(five: Path, tmp_path: Path):
    """To the byte where no rule changed; rows, checkpoint and the rest of the document stay."""
    line = ("reference", "simpo", "--setting", MICRO, "--seeds", *range(5), "--runs", five, "--results", tmp_path)
    assert bench(*line, "--checkpoint", "simpo").code == 0
    folder = tmp_path / "reference" / "micro"
    made = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    (folder / "tables.md").write_text("old")
    table = pd.read_csv(folder / "measurements.csv", dtype=str, keep_default_na=False)
    table.assign(value="0.25").to_csv(folder / "measurements.csv", index=False)
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- reference micro: begin -->\nold\n<!-- reference micro: end -->\nafter\n")
    main([str(folder), str(readme)])
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == made
    assert made["tables.md"].decode().strip() in readme.read_text()
    assert readme.read_text().startswith("before\n") and readme.read_text().endswith("\nafter\n")


def test_a_reference_of_other_recipes_is_not_made_again(five: Path, tmp_path: Path):
    line = ("reference", "simpo", "--setting", MICRO, "--seeds", *range(5), "--runs", five, "--results", tmp_path)
    assert bench(*line, "--checkpoint", "simpo").code == 0
    folder = tmp_path / "reference" / "micro"
    table = pd.read_csv(folder / "measurements.csv", dtype=str, keep_default_na=False)
    table.assign(recipe_hash="other").to_csv(folder / "measurements.csv", index=False)
    before = (folder / "tables.md").read_bytes()
    with pytest.raises(BenchError, match="its recipes are other ones now: .* is .*, not other"):
        derive(folder, scratch=tmp_path / "scratch")
    assert (folder / "tables.md").read_bytes() == before


def test_a_checkpoint_that_is_not_in_the_comparison_is_refused(five: Path, tmp_path: Path):
    line = ("reference", "simpo", "--setting", MICRO, "--seeds", *range(5), "--runs", five, "--results", tmp_path)
    ended = bench(*line, "--checkpoint", "dpo")
    assert ended.code == 2
    assert "--checkpoint: no trained 'dpo' in this comparison" in ended.err
    assert not (tmp_path / "reference").exists()
