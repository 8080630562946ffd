"""win_rates."""

from __future__ import annotations

import math

import pytest

from .toys import several, transformed


def test_by_hand():
    """Scores log 3 and 0: the first wins 3 of 4 against the second and half against itself, so 0.625 and 0.375."""
    (become,), _ = transformed("win_rates", [several("x", (math.log(3), 0.0))])
    assert become.columns["win_rate"] == pytest.approx((0.625, 0.375), rel=1e-12)
    (become,), _ = transformed("win_rates", [several("x", (2 * math.log(3), 0.0))], temperature=2.0)
    assert become.columns["win_rate"] == pytest.approx((0.625, 0.375), rel=1e-12)


def test_they_are_one_half_on_the_average_and_in_the_order_of_the_scores():
    (become,), _ = transformed("win_rates", [several("x", (3.0, -1.0, 0.5, 0.4))])
    rates = become.columns["win_rate"]
    assert isinstance(rates, tuple)
    assert sum(rates) / 4 == pytest.approx(0.5, rel=1e-12) and rates[0] > rates[2] > rates[3] > rates[1]
