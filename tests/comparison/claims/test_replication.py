"""Reported runs against ours: golden values, scipy, coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchbench.comparison.claims.replication import Runs, difference_interval, prediction_half_width


def test_the_prediction_interval_is_the_golden_one(golden):
    case = golden["stat.prediction_interval"]
    found = [prediction_half_width(1.0, k, m) for k, m in zip(case["inputs"]["k"], case["inputs"]["m"], strict=True)]
    assert found == pytest.approx(case["value"], rel=1e-10)


def test_the_worked_example_of_evaluation_c7(golden):
    case = golden["stat.worked_example"]
    given = case["inputs"]
    paper = Runs(given["paper_mean"], given["paper_sd"], given["k"])
    rerun = Runs(given["rerun_mean"], given["rerun_sd"], given["m"])
    at95, at90 = (difference_interval(paper, rerun, level=level) for level in (0.95, 0.9))
    half = prediction_half_width(paper.sd, paper.k, rerun.k)
    found = [at95.mean, at95.se, at95.df, at95.low, at95.high, at90.low, at90.high, half]
    assert found == pytest.approx(case["value"], rel=1e-10)


def test_the_difference_is_welchs_test():
    rng = np.random.default_rng(0)
    one, other = rng.normal(0, 1, 4), rng.normal(1, 3, 7)
    found = difference_interval(*(Runs(x.mean(), x.std(ddof=1), len(x)) for x in (one, other)))
    expected = stats.ttest_ind(other, one, equal_var=False)
    assert (found.p, found.df) == pytest.approx((expected.pvalue, expected.df))


@pytest.mark.parametrize(
    ("reported", "rerun", "note"),
    [
        (Runs(1.0, math.nan, 1), Runs(2.0, 0.5, 3), "unknown"),
        (Runs(1.0, 0.5, 3), Runs(2.0, 0.0, 1), "unknown"),
        (Runs(1.0, 0.0, 3), Runs(2.0, 0.0, 3), "unknown"),
    ],
)
def test_no_spread_is_no_interval(reported, rerun, note):
    found = difference_interval(reported, rerun)
    assert found.mean == 1.0 and math.isnan(found.low) and note in found.note


def test_one_reported_run_predicts_nothing():
    assert math.isnan(prediction_half_width(0.5, 1, 3))


def test_the_prediction_interval_covers_new_means():
    rng = np.random.default_rng(1)
    paper, ours = rng.normal(size=(20000, 3)), rng.normal(size=(20000, 3)).mean(axis=1)
    half = prediction_half_width(1.0, 3, 3) * paper.std(axis=1, ddof=1)
    assert (abs(ours - paper.mean(axis=1)) <= half).mean() == pytest.approx(0.95, abs=0.006)
