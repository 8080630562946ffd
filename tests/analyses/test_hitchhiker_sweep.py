"""hitchhiker_sweep: quantiles against numpy, divergence counted, and the committed log of a real sweep."""

from __future__ import annotations

import csv
import math
from typing import Any

import numpy as np
import pytest
from harness import ROOT, bench

from benchbench.analyses.hitchhiker_sweep import Options, analyse
from benchbench.core.analysis import Row
from benchbench.core.errors import BenchError

LOG = ROOT / "results" / "leaderboard" / "tuning.csv"


def grid(method: str, means: list[float | None], **more: Any) -> list[dict[str, Any]]:
    return [{"method": method, "mean": mean, **more} for mean in means]


def lines(rows: list[dict[str, Any]], **options: Any) -> dict[str, Row]:
    (table,) = analyse({"tried": rows}, Options(**options)).tables
    return {str(row["method"]): row for row in table.rows}


def test_quantiles_are_those_of_numpy_and_ranks_differ_off_the_peak():
    steep, flat = [0.9, 0.2, 0.4, 0.3, 0.1], [0.8, 0.75, 0.7, 0.72, 0.71]
    found = lines([*grid("steep", steep), *grid("flat", flat)], baseline=0.35)
    for name, values in (("steep", steep), ("flat", flat)):
        expected = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
        assert [found[name][key] for key in ("min", "q25", "median", "q75", "best")] == pytest.approx(expected)
        assert found[name]["iqr"] == pytest.approx(expected[3] - expected[1])
    assert found["steep"]["over median"] == pytest.approx(0.6) and found["steep"]["above baseline"] == 0.4
    assert [found[name]["rank by best"] for name in ("steep", "flat")] == [1, 2]
    assert [found[name]["rank by median"] for name in ("steep", "flat")] == [2, 1]
    assert list(found) == ["flat", "steep"], "the best median first"


def test_a_setting_that_diverged_counts_and_has_no_quantile():
    found = lines([*grid("dpo", [0.5, 0.7, None, math.nan]), *grid("ipo", [None])], baseline=0.4)
    assert (found["dpo"]["settings"], found["dpo"]["diverged"], found["dpo"]["above baseline"]) == (4, 2, 0.5)
    assert found["dpo"]["min"] == 0.5 and math.isnan(found["ipo"]["median"])
    assert (found["dpo"]["rank by best"], found["ipo"]["rank by best"]) == (1, 2)
    assert math.isnan(lines(grid("dpo", [0.5]))["dpo"]["above baseline"]), "without a baseline nothing is above it"


def test_kl_and_length_have_a_median_where_they_are_there():
    found = lines([{"method": "dpo", "mean": 0.5, "kl": 1.0}, {"method": "dpo", "mean": 0.6, "kl": 4.0}])
    assert found["dpo"]["median kl"] == 2.5 and math.isnan(found["dpo"]["median length"])


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        (
            [*grid("dpo", [0.5], metric="auc"), *grid("ipo", [0.5], metric="brier")],
            {},
            "expected one, found auc, brier",
        ),
        (grid("dpo", [0.5]), {"methods": "ipo"}, "expected methods of the file, found ipo"),
        (grid("dpo", [None]), {}, "found none that is finished"),
    ],
)
def test_what_makes_no_distribution_is_refused(rows: list[dict[str, Any]], options: dict[str, Any], said: str):
    with pytest.raises(BenchError, match=said):
        lines(rows, **options)


def test_the_committed_log_of_a_sweep_is_read():
    ended = bench("analyse", "hitchhiker_sweep", LOG, "--set", "methods=dpo,dpo_lengthnorm,simpo", "--json")
    assert ended.code == 0, ended.err
    with LOG.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == "dpo_lengthnorm" and not row["widened"]]
    line = next(row for row in ended.json["tables"]["sweep"] if row["method"] == "dpo_lengthnorm")
    assert line["settings"] == len(rows) and line["median"] == np.median([float(row["mean"]) for row in rows])
    assert any("were added later and are left out" in note for note in ended.json["notes"])
