"""data_fraction_sweep: means and gains by hand, data read off overrides, and a sweep of the micro setting."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from harness import MICRO, bench, finish

from benchbench.analyses.data_fraction_sweep import Options, analyse
from benchbench.core.analysis import Row
from benchbench.core.errors import BenchError


def rows(values: dict[float, list[float]], **more: Any) -> list[dict[str, Any]]:
    """Runs of DPO: fraction -> value by seed."""
    return [
        {"method": "dpo", "fraction": fraction, "seed": str(seed), "value": value, **more}
        for fraction, by_seed in values.items()
        for seed, value in enumerate(by_seed)
    ]


def tables(measurements: list[dict[str, Any]], **options: Any) -> dict[str, list[Row]]:
    analysed = analyse({"measurements": measurements}, Options(**options))
    return {table.name: list(table.rows) for table in analysed.tables}


def with_fraction(fraction: float, **options: Any) -> str:
    steps = [{"name": "fraction", "splits": ["train"], "options": {"fraction": fraction, **options}}]
    return f"data.transforms={json.dumps(steps)} preference.learning_rate=0.1"


def test_means_gains_and_what_is_enough_by_hand():
    """0.5 and 0.7 at a tenth, 0.79 at a half, 0.8 at all: nearly all of the gain of 0.2 is there at a half."""
    found = tables(rows({1.0: [0.8, 0.8], 0.1: [0.5, 0.7], 0.5: [0.79, 0.79]}), near=0.9)
    assert [(row["fraction"], row["runs"]) for row in found["curves"]] == [(0.1, 2), (0.5, 2), (1.0, 2)]
    assert [row["mean"] for row in found["curves"]] == pytest.approx([0.6, 0.79, 0.8])
    assert found["curves"][0]["se"] == pytest.approx(0.1) and math.isnan(found["curves"][0]["gain"])
    assert [row["gain"] for row in found["curves"][1:]] == pytest.approx([0.19, 0.01])
    (enough,) = found["enough"]
    assert enough["gain"] == pytest.approx(0.2) and enough["enough"] == 0.5 and enough["fractions"] == 3
    assert tables(rows({0.1: [0.5], 0.5: [0.79], 1.0: [0.8]}), near=1.0)["enough"][0]["enough"] == 1.0


def test_a_curve_that_does_not_rise_never_has_enough_and_one_point_has_no_gain():
    assert math.isnan(tables(rows({0.1: [0.8], 1.0: [0.7]}))["enough"][0]["enough"])
    (alone,) = tables(rows({1.0: [0.8]}))["enough"]
    assert math.isnan(alone["gain"]) and math.isnan(alone["enough"])


def test_fraction_and_mix_are_read_off_what_compare_writes():
    runs = [
        {"method": "dpo", "seed": "1", "value": 0.6, "overrides": with_fraction(0.25)},
        {"method": "dpo", "seed": "1", "value": 0.7, "overrides": "preference.learning_rate=0.1"},
        {"method": "dpo", "seed": "1", "value": 0.5, "overrides": with_fraction(0.25, column="group", values=[0, 2])},
        {"method": "dpo", "variant": "b", "seed": "1", "value": 0.4},
    ]
    found = {(row["method"], row["mix"], row["fraction"]): row["mean"] for row in tables(runs)["curves"]}
    assert found == {
        ("dpo", "all", 0.25): 0.6,
        ("dpo", "all", 1.0): 0.7,
        ("dpo", "group 0, 2", 0.25): 0.5,
        ("dpo@b", "all", 1.0): 0.4,
    }


def test_rows_of_other_metrics_and_without_a_number_are_left_out_and_said():
    runs = [
        *rows({1.0: [0.8]}, metric="pair_accuracy", scoring="logp_mean"),
        *rows({1.0: [3.0]}, metric="mean_margin", scoring="logp_mean"),
        {"method": "dpo", "fraction": 0.5, "seed": "7", "metric": "pair_accuracy", "scoring": "logp_mean"},
    ]
    analysed = analyse({"measurements": runs}, Options())
    assert [row["mean"] for row in analysed.tables[0].rows] == [0.8]
    assert any("1 rows without a number" in note for note in analysed.notes)
    assert tables(runs, metric="mean_margin")["curves"][0]["mean"] == 3.0


@pytest.mark.parametrize(
    ("measurements", "said"),
    [
        (rows({1.5: [0.8]}), r"expected fractions in \(0, 1\], found 1.5"),
        ([*rows({1.0: [0.8]}), *rows({1.0: [0.7]})], "expected one value, found several"),
        (rows({1.0: [0.8]}, metric="auc"), "found auc under logp_mean"),
        ([*rows({1.0: [0.8]}, split="a"), *rows({0.5: [0.7]}, split="b")], "column 'split': expected one, found a, b"),
        (rows({1.0: [0.8]}, overrides="data.transforms=[fraction"), "column 'overrides': expected"),
    ],
)
def test_rows_that_make_no_curve_are_refused(measurements: list[dict[str, Any]], said: str):
    runs = [{k: v for k, v in row.items() if k != "fraction" or "overrides" not in row} for row in measurements]
    with pytest.raises(BenchError, match=said):
        analyse({"measurements": runs}, Options())


def test_a_sweep_of_the_micro_setting_is_made_by_the_lines_of_the_docs(tmp_path: Path):
    """Two fractions and all data; measurements.csv collects them, and the analysis finds each where it belongs."""
    runs, results = tmp_path / "runs", tmp_path / "results"
    for fraction in (0.25, 0.5, None):
        step = f"[{{name: fraction, splits: [train], options: {{fraction: {fraction}}}}}]"
        sets = () if fraction is None else (f"data.transforms={step}",)
        assert set(finish(["dpo"], runs=runs, sets=sets, pairs_only=True).values()) == {"done"}
        words = [word for text in sets for word in ("--set", text)]
        folders = ("--runs", runs, "--results", results)
        ended = bench("compare", "dpo", "--setting", MICRO, "--seeds", 1, "--pairs-only", *words, *folders)
        assert ended.code == 0, ended.err
    ended = bench("analyse", "data_fraction_sweep", results / "micro" / "measurements.csv", "--json")
    assert ended.code == 0, ended.err
    curves = ended.json["tables"]["curves"]
    assert [row["fraction"] for row in curves if row["method"] == "dpo"] == [0.25, 0.5, 1.0]
    ended = bench("analyse", "insights_matrix", results / "micro" / "measurements.csv", "--json")
    cells = [row for row in ended.json["tables"]["cells"] if row["method"] == "dpo"]
    assert [(row["size"], row["mean"]) for row in cells] == [(row["fraction"], row["mean"]) for row in curves[:3]]
