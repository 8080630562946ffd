"""Bands of a regression: where a new run is to be expected, and where that is not known."""

from __future__ import annotations

import math

import pytest

from benchbench.comparison.claims.regression import band


def test_a_band_is_the_prediction_interval_of_one_new_run():
    """3.41 sd at k = 10 and 1 % (evaluation.md C8)."""
    values = [0.5, 0.6] * 5
    found = band(values, alpha=0.01)
    assert (found.high - found.mean) / 0.0527046 == pytest.approx(3.41, abs=5e-3)
    assert found.holds(0.55) and not found.holds(0.9) and not found.unknown


@pytest.mark.parametrize("values", [[0.5] * 10, [0.5], [0.1 + 0.2, 0.3, 0.3]])
def test_equal_runs_make_no_band_of_width_zero(values):
    found = band(values, alpha=0.01)
    assert found.unknown and math.isnan(found.low)
    assert found.holds(0.5001), "nothing is known to be outside"
    assert not found.holds(math.nan)


def test_nan_belongs_to_a_band_of_nan_alone():
    found = band([math.nan, math.nan], alpha=0.01)
    assert found.holds(math.nan) and not found.holds(0.5) and not found.unknown
