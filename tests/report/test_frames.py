"""Tidy frames: columns, order, and bytes that repeat."""

from __future__ import annotations

import pandas as pd
import pytest

from benchbench import metrics
from benchbench.comparison.pairs.compare import compare
from benchbench.report.frames import (
    COMPARISON_COLUMNS,
    MEASUREMENT_COLUMNS,
    comparisons_frame,
    measurements_frame,
)
from tests.comparison.rows import toy_cells


@pytest.fixture(scope="module")
def cells():
    return toy_cells({"dpo": 0.1, "simpo": 0.3}, n=40)


@pytest.fixture(scope="module")
def rows(cells):
    return compare(cells, baseline="dpo", metrics=["auc"], rng_seed=0, draws=20)


def test_the_columns_of_the_measurements_are_those_of_the_design(cells):
    frame = measurements_frame(cells)
    expected = (
        "recipe recipe_hash setting method variant overrides paper seed split metric scoring value se n unit direction "
        "metric_version scorer_version engine device_kind note"
    )
    assert " ".join(frame.columns) == expected
    assert tuple(frame.columns) == MEASUREMENT_COLUMNS


def test_one_measurement_per_cell_metric_and_scoring(cells):
    frame = measurements_frame(cells)
    key = ["recipe", "seed", "split", "metric", "scoring"]
    of_each = {name: 3 for name in metrics.names() if not metrics.get(name).scorings}
    of_each |= {name: 2 for name in metrics.names() if set(metrics.get(name).scorings) >= {"logp_sum"}}
    absent = {
        "worst_group_accuracy",
        "mean_group_accuracy",
        *(name for name in of_each if "style_rank" in metrics.get(name).columns),
    }
    assert len(frame) == 6 * sum(count for name, count in of_each.items() if name not in absent)
    assert not frame.duplicated(key).any()
    row = frame[(frame.method == "simpo") & (frame.seed == 42) & (frame.metric == "tie_rate")].iloc[0]
    assert (row.recipe, row.recipe_hash, row.setting, row.value, row.n) == ("simpo-tiny", "hash-simpo", "tiny", 0.0, 40)


def test_the_order_of_the_cells_does_not_matter(cells):
    pd.testing.assert_frame_equal(measurements_frame(cells), measurements_frame(cells[::-1]))


def test_one_comparison_row_per_key(rows):
    frame = comparisons_frame(rows)
    assert tuple(frame.columns) == COMPARISON_COLUMNS
    assert len(frame) == len(rows) == 2 * 3 * 2
    assert not frame.duplicated(["methods", "seeds", "baseline", "metric", "scoring", "candidate"]).any()
    assert set(frame["methods"]) == {"dpo simpo"} and set(frame["seeds"]) == {"13 42 3407"}
    pd.testing.assert_frame_equal(frame, comparisons_frame(rows[::-1]))


def test_every_seed_is_kept_and_reads_back_the_same(rows):
    frame = comparisons_frame(rows)
    row = frame[(frame.candidate == "simpo") & (frame.metric == "auc") & (frame.scoring == "implicit")].iloc[0]
    (source,) = [r for r in rows if (r.candidate, r.metric, r.scoring) == ("simpo", "auc", "implicit")]
    assert tuple(float(text) for text in row["values"].split()) == source.values
    assert tuple(float(text) for text in row["baseline_values"].split()) == source.baseline_values
    assert row["k"] == 3


def test_the_same_results_make_the_same_files(cells, rows):
    again = compare(cells, baseline="dpo", metrics=["auc"], rng_seed=0, draws=20)
    for name, first, second in (
        ("measurements", measurements_frame(cells), measurements_frame(list(cells))),
        ("comparisons", comparisons_frame(rows), comparisons_frame(again)),
    ):
        assert first.to_csv() == second.to_csv(), name


def test_no_rows_is_an_empty_frame_with_its_columns():
    assert tuple(comparisons_frame([]).columns) == COMPARISON_COLUMNS
    assert tuple(measurements_frame([]).columns) == MEASUREMENT_COLUMNS
