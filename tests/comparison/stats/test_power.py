"""The minimum detectable difference against the published table and simulation."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest
from scipy import stats

from benchbench.comparison.stats.intervals import ArmSpread, Interval, Spread, crossed_interval
from benchbench.comparison.stats.power import Detectable, minimum_detectable_difference, power_at

from ..coverage import power


def _mdd(se: float, df: float, *, alpha: float = 0.05, **how: float) -> Detectable:
    """Of a t interval that is not crossed."""
    interval = Interval(mean=0.0, low=-1.0, high=1.0, se=se, df=df, p=1.0, level=1 - alpha, method="t")
    return minimum_detectable_difference(interval, **how)


@pytest.mark.parametrize(
    ("k", "paired", "unpaired"),
    [
        (2, 11.55, 5.65),
        (3, 3.26, 3.07),
        (4, 2.13, 2.38),
        (5, 1.68, 2.02),
        (8, 1.16, 1.51),
        (10, 1.0, 1.32),
        (20, 0.66, 0.91),
    ],
)
def test_the_table_of_evaluation_c5(k, paired, unpaired):
    """In units of the sd of paired differences, and of the seed sd of two arms, the sd being known."""
    assert _mdd(1 / math.sqrt(k), k - 1).estimate == pytest.approx(paired, abs=0.0051)
    assert _mdd(math.sqrt(2 / k), 2 * k - 2).estimate == pytest.approx(unpaired, abs=0.0051)


@pytest.mark.parametrize(("k", "paired"), [(3, 10.36), (5, 3.16), (10, 1.48)])
def test_the_stricter_level_of_a_family_of_ten(k, paired):
    assert _mdd(1 / math.sqrt(k), k - 1, alpha=0.005).estimate == pytest.approx(paired, abs=0.0051)


def test_with_a_known_standard_error_the_estimate_is_found_in_four_of_five_simulations():
    size = _mdd(1 / math.sqrt(5), 4).estimate
    drawn = np.random.default_rng(0).normal(size, 1, (20000, 5))
    p = stats.ttest_1samp(drawn, 0.0, axis=1).pvalue
    assert (p < 0.05).mean() == pytest.approx(0.8, abs=0.01)


def test_the_assured_one_has_the_upper_confidence_limit_of_the_standard_error():
    """20 % of chi-square with 4 degrees of freedom lies below 1.6488, 5 % below 0.7107, 95 % below 9.4877 (tables)."""
    found = _mdd(1.0, 4)
    ratios = [found.assured / found.estimate, found.high / found.estimate, found.low / found.estimate]
    assert ratios == pytest.approx([math.sqrt(4 / x) for x in (1.6488, 0.7107, 9.4877)], rel=1e-4)


@pytest.mark.parametrize("k", [3, 5, 10])
def test_the_assured_one_is_large_enough_in_four_of_five_tables(k):
    """Paired seeds, whose power is known: the noncentral t at the true standard error of 1 / sqrt(k).

    The estimate is large enough in under half of them, which is why it is not what a table shows.
    """
    sds = np.random.default_rng(k).normal(size=(300, k)).std(axis=1, ddof=1)
    found = [_mdd(sd / math.sqrt(k), k - 1) for sd in sds]
    needed = _mdd(1 / math.sqrt(k), k - 1).estimate
    assert np.mean([one.assured >= needed for one in found]) == pytest.approx(0.8, abs=0.06)
    assert np.mean([one.estimate >= needed for one in found]) < 0.5
    assert np.mean([one.low <= needed <= one.high for one in found]) == pytest.approx(0.9, abs=0.05)


def test_where_seeds_and_prompts_are_crossed_the_limit_is_the_modified_large_sample_one():
    """Two mean squares alone: hypot of what each would add; with seeds alone it is the chi-square limit."""
    only_seeds = Spread(seeds=4.0, prompts=0.0, residual=0.0, k=5, n=50).upper(0.8)
    assert only_seeds == pytest.approx((2 * math.sqrt(4 / 1.6488), 4.0), rel=1e-4)
    both = Spread(seeds=1.0, prompts=1.0, residual=0.0, k=5, n=5).upper(0.8)
    assert both[0] == pytest.approx(math.sqrt(2 + math.sqrt(2) * (4 / 1.6488 - 1)), rel=1e-4)
    interval = crossed_interval(np.random.default_rng(3).normal(size=(3, 40)))
    assert interval.spread is not None
    found = minimum_detectable_difference(interval)
    satterthwaite = _mdd(interval.se, interval.df)
    assert found.estimate == pytest.approx(satterthwaite.estimate) and found.assured > satterthwaite.assured


def test_more_confidence_asks_for_a_larger_difference_and_little_spread_for_no_more():
    assert _mdd(1.0, 9, confidence=0.95).assured == _mdd(1.0, 9).high
    sure = _mdd(1.0, 1e5)
    assert sure.assured == pytest.approx(sure.estimate, rel=0.01)


def test_a_difference_beyond_the_range_cannot_be_found():
    """Two seeds: 16 standard errors, and four times that with confidence."""
    found = _mdd(0.03, 1.0, largest=1.0)
    assert found.estimate == pytest.approx(0.03 * 16.33, abs=0.01)
    assert math.isinf(found.assured) and math.isinf(found.high) and found.low < found.estimate


def test_it_scales_with_the_standard_error():
    one, half = (_mdd(se, 7.3) for se in (1.0, 0.5))
    assert (half.assured, half.low) == pytest.approx((0.5 * one.assured, 0.5 * one.low))


@pytest.mark.parametrize("df", [1.0, 1.3, 2.7, 40.5, 2000.0, 1e5])
@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_it_is_finite_wherever_a_comparison_may_take_it(df, alpha):
    found = _mdd(1.0, df, alpha=alpha)
    assert stats.t.ppf(1 - alpha / 2, df) < found.estimate < 1000
    assert found.low < found.estimate < found.assured < found.high < math.inf


@pytest.mark.parametrize(("se", "df"), [(math.nan, 2.0), (1.0, math.nan)])
def test_without_a_standard_error_there_is_none(se, df):
    assert all(math.isnan(value) for value in astuple(_mdd(se, df)))


@pytest.mark.slow
@pytest.mark.parametrize("k", [3, 5, 10])
def test_the_assured_one_of_crossed_seeds_and_prompts_is_found_as_said(k):
    """The table of docs/statistics.md, one row per number of seeds."""
    found = power(k=k, seed_sd=0.1, prompt_sd=0.3, repeats=1000)
    assert found.assured > 0.74 and found.power_assured > 0.83
    assert found.share_estimate < 0.6


@pytest.mark.parametrize("size", [0.0, 0.4, -1.5])
def test_the_power_at_a_difference_is_what_simulations_find(size):
    """Five seeds of paired differences with an sd of 1; the sign of the difference has no say."""
    interval = Interval(mean=size, low=-1, high=1, se=1 / math.sqrt(5), df=4, p=1.0, level=0.95, method="t")
    drawn = np.random.default_rng(2).normal(abs(size), 1, (40_000, 5))
    test = stats.ttest_1samp(drawn, 0.0, axis=1)
    assert power_at(interval, size) == pytest.approx(((test.pvalue < 0.05) & (test.statistic > 0)).mean(), abs=0.006)


def test_the_power_at_the_detectable_difference_is_the_one_asked_for():
    interval = Interval(mean=0, low=-1, high=1, se=0.3, df=2.2, p=1.0, level=0.99, method="t")
    for chance in (0.5, 0.8, 0.95):
        size = minimum_detectable_difference(interval, power=chance).estimate
        assert power_at(interval, size) == pytest.approx(chance)


def test_without_a_standard_error_or_a_difference_there_is_no_power():
    known = Interval(mean=0, low=-1, high=1, se=0.3, df=2.2, p=1.0, level=0.95, method="t")
    unknown = Interval(mean=0, low=-1, high=1, se=math.nan, df=math.nan, p=1.0, level=0.95, method="t")
    assert math.isnan(power_at(known, math.nan)) and math.isnan(power_at(unknown, 1.0))


def test_two_arms_have_welchs_degrees_of_freedom_and_the_modified_large_sample_limit():
    """20 % of chi-square with 4 degrees of freedom lies below 1.6488 (table); one arm alone is the chi-square limit."""
    equal = ArmSpread(1.0, 1.0, 4, 4)
    assert equal.error() == pytest.approx((math.sqrt(2), 8.0))
    assert equal.upper(0.8) == pytest.approx((math.sqrt(2 + math.sqrt(2) * (4 / 1.6488 - 1)), 8.0), rel=1e-4)
    lone = ArmSpread(4.0, 0.0, 4, 9)
    assert lone.error() == pytest.approx((2.0, 4.0))
    assert lone.upper(0.8) == pytest.approx((2 * math.sqrt(4 / 1.6488), 4.0), rel=1e-4)
