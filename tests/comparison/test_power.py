"""The minimum detectable difference against the published table and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchbench.comparison.power import minimum_detectable_difference


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
    """In units of the sd of paired differences, and of the seed sd of two arms."""
    assert minimum_detectable_difference(1 / math.sqrt(k), k - 1) == pytest.approx(paired, abs=0.0051)
    assert minimum_detectable_difference(math.sqrt(2 / k), 2 * k - 2) == pytest.approx(unpaired, abs=0.0051)


@pytest.mark.parametrize(("k", "paired"), [(3, 10.36), (5, 3.16), (10, 1.48)])
def test_the_stricter_level_of_a_family_of_ten(k, paired):
    assert minimum_detectable_difference(1 / math.sqrt(k), k - 1, alpha=0.005) == pytest.approx(paired, abs=0.0051)


def test_a_difference_of_that_size_is_found_in_four_of_five_simulations():
    size = minimum_detectable_difference(1 / math.sqrt(5), 4)
    drawn = np.random.default_rng(0).normal(size, 1, (20000, 5))
    p = stats.ttest_1samp(drawn, 0.0, axis=1).pvalue
    assert (p < 0.05).mean() == pytest.approx(0.8, abs=0.01)


def test_it_scales_with_the_standard_error():
    assert minimum_detectable_difference(0.5, 7.3) == pytest.approx(0.5 * minimum_detectable_difference(1.0, 7.3))


@pytest.mark.parametrize("df", [1.0, 1.3, 2.7, 40.5, 2000.0, 1e5])
@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_it_is_finite_wherever_a_comparison_may_take_it(df, alpha):
    found = minimum_detectable_difference(1.0, df, alpha=alpha)
    assert stats.t.ppf(1 - alpha / 2, df) < found < 1000


def test_without_a_standard_error_there_is_none():
    assert math.isnan(minimum_detectable_difference(math.nan, 2.0))
    assert math.isnan(minimum_detectable_difference(1.0, math.nan))
