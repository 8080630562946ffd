"""`bench reference`: what a clean clone regresses against."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from harness import MICRO, ROOT, Ended, Finished, bench, finish, leftovers

from benchbench.commands.reference.documents import excerpt, fill_documents, reading
from benchbench.commands.reference.tables import derive, main
from benchbench.comparison import degeneration
from benchbench.comparison.pairs.table import Comparison
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


@pytest.fixture(scope="module")
def written(five: Path) -> tuple[Path, Ended]:
    """A reference that was made once, and how the command that made it ended."""
    results = five.parent / "results"
    line = ("reference", "simpo", "--setting", MICRO, "--seeds", *range(5), "--runs", five, "--results", results)
    ended = bench(*line, "--checkpoint", "simpo", "--json")
    assert ended.code == 0, ended.err
    return results / "reference" / "micro", ended


@pytest.fixture
def folder(written: tuple[Path, Ended], tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(written[0], tmp_path / "reference" / "micro"))


def test_rows_tables_and_one_checkpoint_are_written(written: tuple[Path, Ended]):
    folder, ended = written
    assert ended.json["folder"] == str(folder)
    assert {path.name for path in folder.iterdir()} == {
        *("rows.parquet", "measurements.csv", "tables.md", "about.json", "checkpoint", "manifest.json"),
    }
    rows = pd.read_parquet(folder / "rows.parquet")
    assert len(rows) == 2 * 5 * 80  # simpo and sft, five seeds, forty pairs
    assert set(rows["seed"]) == set(range(5))
    assert "| simpo |" in (folder / "tables.md").read_text()
    assert (folder / "checkpoint" / "model.safetensors").is_file()


def test_what_follows_from_the_rows_is_made_again_without_training(folder: Path, tmp_path: Path):
    """To the byte where no rule changed; rows, checkpoint and the rest of the document stay."""
    made = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    (folder / "tables.md").write_text("old")
    table = pd.read_csv(folder / "measurements.csv", dtype=str, keep_default_na=False)
    table.assign(value="0.25").to_csv(folder / "measurements.csv", index=False)
    document = tmp_path / "tables.md"
    marked = "before\n<!-- {0} micro: begin -->\nold\n<!-- {0} micro: end -->\nafter\n"
    document.write_text(marked.format("reference") + marked.format("excerpt"))
    main([str(folder), str(document)])
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == made
    assert made["tables.md"].decode().strip() in document.read_text()
    head, short = document.read_text().split("<!-- excerpt micro: begin -->\n")
    assert head.startswith("before\n") and short.endswith("\nafter\n") and "\nold\n" not in head + short
    assert [line.split(" | ")[0] for line in short.splitlines() if line.startswith("| ")][2:] == ["| simpo", "| sft"]
    assert "Over 3 seeds and 40 held-out pairs: `sft` is " in short


def test_nothing_follows_from_rows_that_somebody_changed(folder: Path):
    rows = pd.read_parquet(folder / "rows.parquet")
    rows.assign(logp_sum=rows["logp_sum"] - 1).to_parquet(folder / "rows.parquet")
    with pytest.raises(
        BenchError, match=r"(?s)expected the files that `bench reference` wrote.*rows\.parquet: expected"
    ):
        derive(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(BenchError, match=r"(?s)gets one with --manifest.*manifest\.json: expected the list"):
        derive(folder)
    assert not (folder / "manifest.json").exists()


def test_an_excerpt_marks_rows_as_the_command_does(five: Path, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Under a rule that every row breaks; without one no row of so short a training is marked."""
    assert "out of its range" not in excerpt(folder, runs=five)
    monkeypatch.setattr(degeneration, "RULES", (replace(degeneration.RULES[0], least=0.5),))
    assert "out of its range (chosen log-probability)" in excerpt(folder, runs=five)


def test_a_document_without_a_marked_part_is_refused(tmp_path: Path):
    (tmp_path / "README.md").write_text("<!-- reference tiny: begin -->\n")
    with pytest.raises(BenchError, match="README.md: expected the lines <!-- reference tiny: begin --> and"):
        fill_documents([tmp_path / "README.md"], ROOT / "results" / "reference" / "tiny", runs=tmp_path)


def row(candidate: str, difference: float, low: float, high: float, mdd: float = 0.02) -> Comparison:
    """A comparison over two seeds and 100 pairs."""
    fields = {
        "metric": "pair_accuracy",
        "scoring": "logp_mean",
        "baseline": "dpo",
        "seeds": (1, 2),
        "values": (0.5, 0.5),
    }
    fields |= {"baseline_values": (0.5, 0.5), "differences": (difference,) * 2, "mean": 0.5, "level": 0.95, "n": 100}
    fields |= {"interval_method": "crossed t", "p": 0.01, "p_holm": 0.02, "prompts": 100, "unit": "fraction"}
    rest = {"candidate": candidate, "difference": difference, "low": low, "high": high}
    return Comparison(**fields, **rest, minimum_detectable_difference=mdd, direction="higher", marks=(), note="")


def test_a_table_is_read_in_words():
    """A difference that holds, one that was not shown, and one of which nothing is known."""
    nan = math.nan
    rows = [row("dpo", nan, nan, nan), row("sft", -0.04, -0.06, -0.02), row("simpo", 0.003, -0.004, 0.01)]
    assert reading(rows) == (
        "Over 2 seeds and 100 held-out pairs: "
        "`sft` is 0.0400 below `dpo`, 95% interval -0.0600 to -0.0200: "
        "a difference that holds over seeds and prompts (p 0.0200 after Holm's correction). "
        "`simpo` is 0.0030 above `dpo`, 95% interval -0.0040 to +0.0100: "
        "no difference was shown; one of 0.0200 would have been found with 80 % power."
    )
    assert reading([row("ipo", 0.01, nan, nan)]).endswith(
        "`ipo` is 0.0100 above `dpo`, and without an interval nothing follows."
    )
    assert reading([row("ipo", 0.01, -1.0, 1.0, math.inf)]).endswith("-1.0000 to +1.0000: no difference was shown.")


def test_a_reference_of_other_recipes_is_not_made_again(folder: Path, tmp_path: Path):
    table = pd.read_csv(folder / "measurements.csv", dtype=str, keep_default_na=False)
    table.assign(recipe_hash="other").to_csv(folder / "measurements.csv", index=False)
    before = (folder / "tables.md").read_bytes()
    with pytest.raises(BenchError, match="expected the recipes it was made with, found others: .* is .*, was other"):
        derive(folder, scratch=tmp_path / "scratch")
    assert (folder / "tables.md").read_bytes() == before


def test_a_checkpoint_that_is_not_in_the_comparison_is_refused(five: Path, tmp_path: Path):
    line = ("reference", "simpo", "--setting", MICRO, "--seeds", *range(5), "--runs", five, "--results", tmp_path)
    ended = bench(*line, "--checkpoint", "dpo")
    assert ended.code == 2
    assert "--checkpoint: no trained 'dpo' in this comparison" in ended.err
    assert not (tmp_path / "reference").exists()
