"""Reported means against each other: scipy's tests, simulated coverage and power, and what stays unknown."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchbench.comparison.claims.replication import Runs
from benchbench.comparison.reported.contrasts import (
    ALPHA,
    Contrast,
    Standing,
    by_seed,
    independent,
    median_row,
    read_together,
    without_spread,
)
from benchbench.comparison.stats.significance import holm

from .coverage import arms, welch_power

NAN = math.nan


def runs(values: np.ndarray) -> Runs:
    return Runs(float(values.mean()), float(values.std(ddof=1)), len(values))


BASELINE = Runs(50.0, 2.0, 5)


def contrast(candidate: Runs, baseline: Runs = BASELINE, name: str = "simpo") -> Contrast:
    seeds = (candidate.k, baseline.k)
    return Contrast(candidate=name, baseline="dpo", metric="", seeds=seeds, interval=independent(candidate, baseline))


@pytest.mark.parametrize(("k", "m"), [(3, 3), (5, 5), (3, 10), (2, 7)])
def test_independent_rows_are_compared_by_scipys_welch_test(k, m):
    rng = np.random.default_rng(k)
    ours, other = rng.normal(52, 3, k), rng.normal(50, 1, m)
    interval = independent(runs(ours), runs(other))
    expected = stats.ttest_ind_from_stats(*_summary(ours), *_summary(other), equal_var=False)
    assert interval.p == pytest.approx(expected.pvalue, rel=1e-12)
    bounds = stats.ttest_ind(ours, other, equal_var=False).confidence_interval()
    assert (interval.low, interval.high) == pytest.approx(tuple(bounds), rel=1e-10)


def _summary(values: np.ndarray) -> tuple[float, float, int]:
    return float(values.mean()), float(values.std(ddof=1)), len(values)


def test_values_by_seed_are_compared_by_scipys_paired_test():
    rng = np.random.default_rng(1)
    ours, other = rng.normal(52, 1, 4), rng.normal(50, 1, 4)
    interval = by_seed(runs(ours - other))
    expected = stats.ttest_rel(ours, other)
    assert interval.p == pytest.approx(expected.pvalue, rel=1e-12)
    assert (interval.low, interval.high) == pytest.approx(tuple(expected.confidence_interval()), rel=1e-10)


@pytest.mark.parametrize(
    ("side", "why"),
    [
        (Runs(51.0, NAN, 1), "one seed"),
        (Runs(51.0, NAN, 3), "no spread reported"),
        (Runs(51.0, 0.0, 3), "a spread of 0, which is an unknown one: copies of one run, or rounding, look like it"),
    ],
)
def test_an_unknown_spread_is_no_interval_and_says_why(side, why):
    assert without_spread(side) == why
    (row,) = read_together([contrast(side)])
    assert row.standing is Standing.NO_INTERVAL
    assert row.contrast.interval.mean == 1.0
    numbers = (row.contrast.interval.low, row.contrast.interval.p, row.p_holm, row.power, row.alone.estimate)
    assert all(map(math.isnan, (*numbers, row.corrected.assured)))
    (other,) = read_together([contrast(Runs(51.0, 1.0, 3), side)])
    assert other.standing is Standing.NO_INTERVAL


def test_a_spread_of_one_seed_is_said_not_to_be_used():
    assert without_spread(Runs(51.0, NAN, 1), spread=0.4) == (
        "one seed, so the reported spread is not one over seeds and is not used"
    )
    assert without_spread(Runs(51.0, 0.4, 3), spread=0.4) == ""


def test_differences_that_are_equal_at_every_seed_have_no_interval():
    assert math.isnan(by_seed(Runs(1.0, 0.0, 3)).low)


def test_the_family_is_corrected_by_holm_and_counts_rows_without_a_test():
    """Of p 0.0059, 0.15 and none: times 3 and times 2."""
    rows = read_together([contrast(Runs(55.0, 2.0, 5)), contrast(Runs(52.0, 2.0, 5)), contrast(Runs(60.0, NAN, 1))])
    p = [row.contrast.interval.p for row in rows]
    assert [row.p_holm for row in rows[:2]] == pytest.approx([3 * p[0], 2 * p[1]])
    assert [row.standing for row in rows] == [Standing.HOLDS, Standing.UNSETTLED, Standing.NO_INTERVAL]
    assert {row.family for row in rows} == {3}
    many = read_together([contrast(Runs(55.0, 2.0, 5))] + [contrast(Runs(50.1, 2.0, 5))] * 19)
    assert many[0].standing is Standing.ALONE


@pytest.mark.parametrize(("k", "sds"), [(3, 3.07), (5, 2.02), (10, 1.32)])
def test_what_seeds_see_is_the_table_of_evaluation_c5(k, sds):
    (row,) = read_together([contrast(Runs(0.0, 1.0, k), Runs(0.0, 1.0, k))])
    assert row.alone.estimate == pytest.approx(sds, abs=0.0051)
    assert row.corrected.estimate == row.alone.estimate, "a family of one needs no correction"


@pytest.mark.parametrize(("k", "sds"), [(3, 5.76), (5, 3.08), (10, 1.84)])
def test_corrected_over_ten_rows_it_is_the_same_table_at_a_tenth_of_the_level(k, sds):
    rows = read_together([contrast(Runs(0.0, 1.0, k), Runs(0.0, 1.0, k))] * 10)
    assert rows[0].corrected.estimate == pytest.approx(sds, abs=0.0051)


def simulated_p(k: int, m: int, sd: float, size: float) -> tuple[np.ndarray, np.ndarray]:
    """The t and p of 20,000 tables of a true difference, by scipy's Welch test."""
    rng = np.random.default_rng(7)
    candidate, baseline = rng.normal(size, sd, (20_000, k)), rng.normal(0, 1, (20_000, m))
    test = stats.ttest_ind(candidate, baseline, axis=1, equal_var=False)
    return test.statistic, test.pvalue


@pytest.mark.parametrize(
    ("k", "m", "sd", "alone", "corrected"),
    [(3, 3, 1.0, 0.70, 0.50), (5, 5, 1.0, 0.78, 0.71), (10, 10, 3.0, 0.80, 0.79)],
)
def test_the_power_at_what_seeds_see_is_the_one_that_the_documents_admit(k, m, sd, alone, corrected):
    """Welch's degrees of freedom are an estimate, which costs power; 80 % begins no earlier than said."""
    (row, *_) = read_together([contrast(Runs(0.0, sd, k), Runs(0.0, 1.0, m))] * 19)
    for level, size, power in ((0.05, row.alone, alone), (0.05 / 19, row.corrected, corrected)):
        t, p = simulated_p(k, m, sd, size.estimate)
        assert ((p < level) & (t > 0)).mean() == pytest.approx(power, abs=0.012)
        assert welch_power(size.estimate, k, m, sd, level) == pytest.approx(power, abs=0.006)


@pytest.mark.parametrize(("k", "m", "sd"), [(3, 10, 1.0), (5, 5, 1.0)])
def test_the_assured_difference_is_large_enough_in_three_of_four_tables_at_least(k, m, sd):
    """The situation that is worst of docs/statistics.md, and the usual one; the estimate is so in under half."""
    simulated = arms(k, m, sd, repeats=300)
    assert simulated.share_assured > 0.72
    assert simulated.share_estimate < 0.5


@pytest.mark.parametrize(("k", "m", "sd"), [(3, 3, 1.0), (5, 5, 3.0), (10, 10, 1.0), (3, 5, 1.0)])
def test_intervals_cover_within_two_points_of_nominal(k, m, sd):
    _, p = simulated_p(k, m, sd, 0.0)
    assert (p >= 0.05).mean() == pytest.approx(0.95, abs=0.02)


def test_a_family_of_true_nulls_is_wrong_in_one_of_twenty_tables_at_most():
    """Ten methods against one baseline that they share, five seeds each, none of them different."""
    values = np.random.default_rng(13).normal(size=(2000, 11, 5))
    p = stats.ttest_ind(values[:, 1:], values[:, :1], axis=2, equal_var=False).pvalue
    wrong = np.mean([(holm(row) < ALPHA).any() for row in p])
    assert wrong <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 2000)


def test_the_median_row_has_the_median_standard_error():
    rows = read_together([contrast(Runs(50.0, sd, 5), name=str(sd)) for sd in (4.0, NAN, 1.0, 3.0, 2.0)])
    middle = median_row(rows)
    assert middle is not None and middle.contrast.candidate == "3.0"
    assert median_row(rows[1:2]) is None
