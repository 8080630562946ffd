"""Two one-sided tests against statsmodels' values, scipy, the table of power, and their size in simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchbench.comparison.stats.equivalence import equivalence_p, equivalent_within
from benchbench.comparison.stats.intervals import crossed_interval, t_interval, undefined_interval


def _interval(values, level=0.95):
    se = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return t_interval(float(np.mean(values)), se, len(values) - 1, level=level, method="t")


SEEDS = np.array([0.0508183824277, -0.0411133006263, 0.0183619769345, -0.0013553921226, 0.0009470141578])


def test_as_statsmodels_has_it():
    """Statsmodels 0.15.0, `ttost_paired(SEEDS, zeros, -0.03, 0.03)`."""
    assert equivalence_p(_interval(SEEDS), 0.03) == pytest.approx(0.08832272400350602, rel=1e-8)


def test_as_two_one_sided_tests_of_scipy():
    rng = np.random.default_rng(2)
    for _ in range(20):
        values, margin = rng.normal(rng.normal(0, 0.3), 1, 8), rng.uniform(0.1, 2)
        expected = max(
            stats.ttest_1samp(values, -margin, alternative="greater").pvalue,
            stats.ttest_1samp(values, margin, alternative="less").pvalue,
        )
        assert equivalence_p(_interval(values), margin) == pytest.approx(expected, rel=1e-9)


def test_the_smallest_margin_is_the_far_end_of_the_90_per_cent_interval_whatever_the_interval_shows():
    expected = max(map(abs, stats.t.interval(0.9, 4, SEEDS.mean(), stats.sem(SEEDS))))
    assert equivalent_within(_interval(SEEDS, level=0.99)) == pytest.approx(expected, rel=1e-9)
    assert equivalence_p(_interval(SEEDS), expected) == pytest.approx(0.05, rel=1e-6)


@pytest.mark.parametrize("margin", [0.0, -1.0])
def test_a_margin_is_positive(margin):
    with pytest.raises(ValueError, match="above 0"):
        equivalence_p(_interval(SEEDS), margin)


def test_without_a_standard_error_or_a_margin_nothing_is_shown():
    none = undefined_interval(0.0, level=0.95, note="no spread")
    assert math.isnan(equivalence_p(none, 0.1)) and math.isnan(equivalent_within(none))
    assert math.isnan(equivalence_p(_interval(SEEDS), math.nan))


def test_the_margin_with_a_power_of_80_per_cent_at_no_difference():
    """Two arms of k seeds with sd 1, margins 2.92, 2.03 and 1.36: shown equivalent in 80 % of 4,000 draws."""
    rng = np.random.default_rng(5)
    for k, margin in ((3, 2.92), (5, 2.03), (10, 1.36)):
        arms = rng.normal(size=(4000, 2, k))
        difference = arms[:, 0].mean(axis=1) - arms[:, 1].mean(axis=1)
        se = np.sqrt(arms.var(axis=2, ddof=1).mean(axis=1) * 2 / k)
        tables = zip(difference.tolist(), se.tolist(), strict=True)
        far = [equivalent_within(t_interval(d, s, 2 * k - 2, level=0.95, method="t")) for d, s in tables]
        assert np.mean(np.array(far) < margin) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("k", [3, 5, 10])
def test_the_size_at_the_margin_is_within_two_points_of_five(k):
    """Crossed seeds and prompts with a true difference of exactly the margin: wrongly equivalent in 3 to 7 %."""
    rng, shown = np.random.default_rng(k), 0
    for _ in range(2000):
        seeds, prompts = rng.normal(0, 0.05, (k, 1)), rng.normal(0, 0.3, (1, 60))
        values = 0.2 + seeds + prompts + rng.normal(0, 0.4, (k, 60))
        shown += equivalence_p(crossed_interval(values), 0.2) < 0.05
    assert shown / 2000 == pytest.approx(0.05, abs=0.02)
