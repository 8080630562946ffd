"""Tables of results/ as frames: what is text stays text, what is a number becomes one."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from benchbench.store.result_frames import read_frame
from benchbench.store.results import ResultStore


@pytest.fixture
def results(tmp_path: Path) -> ResultStore:
    return ResultStore(tmp_path, "micro")


def write(results: ResultStore, table: str, **columns: object) -> None:
    results.merge_table(f"{table}.csv", pd.DataFrame([columns]), key=("method",))


def test_hashes_and_lists_of_seeds_stay_text(results: ResultStore):
    """`0012e4` and `42` would be numbers."""
    write(results, "win_rates", method="dpo", seeds="42", judge_hash="0012e4", prompts="2024", value=0.5, seed=42)
    (row,) = read_frame(results, "win_rates").to_dict("records")
    assert row == {
        **{"method": "dpo", "seeds": "42", "judge_hash": "0012e4", "prompts": "2024"},
        **{"value": 0.5, "seed": 42},
    }


def test_lists_of_numbers_are_tuples_and_counts_are_numbers(results: ResultStore):
    write(
        results, "comparisons", method="dpo", values="0.1 0.2", baseline_values="nan", prompts=40, p=math.nan, note=""
    )
    (row,) = read_frame(results, "comparisons").to_dict("records")
    assert row["values"] == (0.1, 0.2) and math.isnan(row["baseline_values"][0])
    assert row["prompts"] == 40 and math.isnan(row["p"]) and row["note"] == ""


def test_infinity_and_truth_are_read(results: ResultStore):
    write(results, "responses", method="dpo", merged=False, canary_identical=math.inf)
    (row,) = read_frame(results, "responses").to_dict("records")
    assert row["merged"] is False and row["canary_identical"] == math.inf


def test_a_table_that_nobody_wrote_is_empty(results: ResultStore):
    assert read_frame(results, "flagged").empty


def test_values_come_back_to_the_last_digit(results: ResultStore):
    write(results, "measurements", method="dpo", value=0.1 + 0.2)
    assert read_frame(results, "measurements")["value"].item() == 0.1 + 0.2
