"""One row of a published table: every type of spread as an sd over seeds, and every fault with its line."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchbench.comparison.claims.replication import Runs
from benchbench.comparison.reported.rows import ReportedRow, read_row, sd_over_seeds

VALUES = np.array([53.1, 54.0, 52.2, 55.5])


def row(**cells: str) -> ReportedRow:
    read = parse(**cells)
    assert isinstance(read, ReportedRow), read
    return read


def faults(**cells: str) -> list[str]:
    read = parse(**cells)
    assert isinstance(read, list)
    return [str(fault) for fault in read]


def parse(**cells: str):
    cells = {"method": "dpo", "value": "53.7", "k": "4"} | cells
    return read_row(cells, 7, columns={name: name for name in cells})


@pytest.mark.parametrize(
    ("kind", "ddof", "spread"),
    [
        ("sd", 1, float(VALUES.std(ddof=1))),
        ("sd", 0, float(VALUES.std())),
        ("se", 1, float(stats.sem(VALUES))),
        ("ci95", 1, float(np.ptp(stats.ttest_1samp(VALUES, 0).confidence_interval()) / 2)),
    ],
)
def test_every_type_of_spread_is_the_same_sd(kind, ddof, spread):
    assert sd_over_seeds(spread, kind, 4, ddof=ddof) == pytest.approx(VALUES.std(ddof=1), rel=1e-12)
    assert math.isnan(sd_over_seeds(spread, kind, 1, ddof=ddof))


def test_a_row_is_read_whole():
    read = row(metric="gsm8k", sd="1.5", n="1319", baseline="sft", ddof="1")
    assert read == ReportedRow(
        line=7,
        method="dpo",
        metric="gsm8k",
        runs=Runs(53.7, 1.5, 4),
        n=1319,
        baseline="sft",
        note="",
        assumption="",
    )


@pytest.mark.parametrize("nothing", ["", "-", "n/a", "NaN", "none"])
def test_no_spread_is_an_unknown_one(nothing):
    read = row(spread=nothing)
    assert math.isnan(read.runs.spread) and read.note == "no spread reported" and read.assumption == ""


def test_zero_is_an_unknown_spread_and_one_seed_has_none():
    assert "a spread of 0, which is an unknown one" in row(sd="0.0").note
    assert row(sd="0.4", k="1").note == "one seed, so the reported spread is not one over seeds and is not used"
    assert row(k="1").note == "one seed"


def test_what_a_table_leaves_open_is_assumed_in_words():
    assert row(spread="1").assumption == "spreads without a type are taken as sample sds over seeds"
    assert "since no ddof is stated" in row(sd="1").assumption
    assert "1.96" in row(spread="1", spread_type="ci95").assumption
    assert row(se="1").assumption == ""


def test_numbers_are_read_as_programs_and_pages_write_them():
    read = row(value="−1.5e1", k="3.0", spread=".5", spread_type="SE")
    assert (read.runs.mean, read.runs.k) == (-15.0, 3)
    assert read.runs.sd == pytest.approx(0.5 * math.sqrt(3))


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"method": ""}, "line 7, method: expected the method's name, found nothing"),
        ({"value": ""}, "line 7, value: expected a number, found nothing"),
        ({"value": "inf"}, "line 7, value: expected a number, found 'inf'"),
        ({"value": "1e999"}, "line 7, value: expected a number, found '1e999'"),
        ({"value": "1_000"}, "line 7, value: expected a number, found '1_000'"),
        ({"value": "53.7 ± 1.2"}, "found '53.7 ± 1.2'; put the spread into a column of its own"),
        ({"value": "53.7%"}, "found '53.7%'; leave the sign of percent out"),
        ({"value": "53,7"}, "found '53,7'; write a decimal point, and no signs between thousands"),
        ({"k": ""}, "line 7, k: expected the number of seeds, a whole number from 1, found nothing"),
        ({"k": "0"}, "expected the number of seeds, a whole number from 1, found '0'"),
        ({"k": "2.5"}, "a whole number from 1, found '2.5'"),
        ({"n": "many"}, "line 7, n: expected the number of test items, a whole number from 1, found 'many'"),
        ({"sd": "-1"}, "line 7, sd: expected a spread of 0 or more, found '-1'"),
        ({"spread": "1", "spread_type": "std"}, "spread_type: expected one of sd, se, ci95, none, or nothing"),
        ({"spread": "1", "spread_type": "none"}, "expected nothing, since spread_type is none; found '1'"),
        ({"se": "1", "spread_type": "sd"}, "line 7, se: expected the type that the column's name says"),
        ({"sd": "1", "ddof": "2"}, "line 7, ddof: expected 0, 1 or nothing, found '2'"),
    ],
)
def test_a_faulty_cell_is_named_with_its_line(cells, said):
    (fault,) = faults(**cells)
    assert said in fault


def test_all_faults_of_a_row_are_there():
    assert len(faults(method="", value="x", k="y", sd="z", n="0", ddof="3")) == 6
