"""Critical values of a few seeds: what they cover by quadrature, and their limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from benchbench.comparison.stats.critical import VALUES, critical_value, even_df

from ..degrees import even


@pytest.mark.parametrize("k", sorted(VALUES))
@pytest.mark.parametrize("share", [0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99])
def test_they_cover_what_is_meant_at_every_share_of_the_seeds(k: int, share: float):
    coverage, width = even(share, k)
    assert 0.949 <= coverage <= 0.956
    assert width >= 0.999


@pytest.mark.parametrize("k", sorted(VALUES))
def test_they_go_from_the_normal_quantile_to_that_of_t(k: int):
    values = VALUES[k]
    assert (values[0], values[-1]) == pytest.approx((special.ndtri(0.975), special.stdtrit(k - 1, 0.975)), abs=1e-3)
    assert list(values) == sorted(values)
    assert critical_value(k, 2.0) == values[-1], "a table whose prompts differ less than its residual"


def test_between_two_values_is_a_straight_line():
    low, high = VALUES[3][10:12]
    assert critical_value(3, 0.525) == pytest.approx((low + high) / 2)
    assert critical_value(2, 0.5) is None and critical_value(6, 0.5) is None


@given(st.sampled_from(sorted(VALUES)), st.integers(2, 500), st.floats(0, 1.5))
def test_degrees_of_freedom_stay_between_those_of_the_smaller_margin_and_of_the_prompts(k: int, n: int, share: float):
    df = even_df(k, n, share, 0.95)
    assert df is not None
    assert min(k, n) - 1 <= df <= max(k, n) - 1 + 1e-6 * n


def test_another_level_has_none():
    assert even_df(3, 300, 0.5, 0.9) is None
