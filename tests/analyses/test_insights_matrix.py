"""insights_matrix: cells, differences and what is missing, by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, bench, finish

from benchbench.analyses._grids import MetricOptions
from benchbench.analyses.insights_matrix import analyse
from benchbench.core.analysis import Row
from benchbench.core.errors import BenchError


def run(method: str, value: float, *, seed: int = 0, **more: Any) -> dict[str, Any]:
    return {"method": method, "value": value, "seed": str(seed), **more}


RUNS = [
    run("dpo", 0.7),
    run("dpo", 0.8, seed=1),
    run("dpo", 0.6, overrides="sft=null"),
    run("kto", 0.9, overrides="preference.learning_rate=0.1 sft=null"),
    run("kto", 0.5, overrides="model.model_name_or_path=some/model sft=null"),
    run("dpo", 0.65, amount=0.2),
]


def tables(rows: list[dict[str, Any]]) -> dict[str, list[Row]]:
    return {table.name: list(table.rows) for table in analyse({"measurements": rows}, MetricOptions()).tables}


def test_cells_are_means_over_seeds_against_sft_and_against_all_data():
    found = {(row["start"], row["method"], row["size"]): row for row in tables(RUNS)["cells"]}
    whole = found["with SFT", "dpo", 1.0]
    assert (whole["mean"], whole["runs"]) == (pytest.approx(0.75), 2) and whole["se"] == pytest.approx(0.05)
    assert found["no SFT", "dpo", 1.0]["over with SFT"] == pytest.approx(-0.15)
    assert found["with SFT", "dpo", 0.2]["over all data"] == pytest.approx(-0.1)
    assert math.isnan(found["no SFT", "kto", 1.0]["over with SFT"])
    assert "no SFT, some/model" in {start for start, _, _ in found}


def test_the_matrix_has_a_column_per_start_and_says_what_has_no_run():
    matrix = {(row["method"], row["size"]): row for row in tables(RUNS)["matrix"]}
    assert list(matrix["dpo", 1.0]) == ["method", "size", "with SFT", "no SFT", "no SFT, some/model"]
    assert matrix["dpo", 1.0]["no SFT"] == 0.6 and math.isnan(matrix["kto", 0.2]["with SFT"])
    assert "7 cells of the matrix have no run: n/a" in analyse({"measurements": RUNS}, MetricOptions()).notes


def test_columns_say_more_than_overrides():
    rows = [run("dpo", 0.7, start="instruct", overrides="sft=null"), run("dpo", 0.6, start="base")]
    assert {row["start"] for row in tables(rows)["cells"]} == {"instruct", "base"}


def test_two_recipes_of_one_cell_are_refused():
    with pytest.raises(BenchError, match="expected one value, found several"):
        tables([run("dpo", 0.7), run("dpo", 0.8)])


def test_a_start_without_sft_is_told_from_one_with_it_in_what_compare_writes(tmp_path: Path):
    runs, results = tmp_path / "runs", tmp_path / "results"
    without = ("sft=null", "preference.reference=base", "reward_model.init_from=base")
    for sets in ((), without):
        words = [word for text in sets for word in ("--set", text)]
        assert set(finish(["dpo"], runs=runs, sets=sets, pairs_only=True).values()) == {"done"}
        folders = ("--runs", runs, "--results", results)
        ended = bench("compare", "dpo", "--setting", MICRO, "--seeds", 1, "--pairs-only", *words, *folders)
        assert ended.code == 0, ended.err
    ended = bench("analyse", "insights_matrix", results / "micro" / "measurements.csv", "--json")
    assert ended.code == 0, ended.err
    starts = {row["start"] for row in ended.json["tables"]["cells"] if row["method"] == "dpo"}
    assert starts == {"with SFT", "no SFT"}
