"""What a win rate at equal length rests on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench.comparison.win_rates.equal_length import support
from benchbench.comparison.win_rates.length_control import length_controlled

from ..verdict_rows import slotless


def test_near_contests_differ_by_less_than_a_tenth_of_their_mean_length():
    mine, theirs = np.array([100.0, 109, 111, 0, 50]), np.array([100.0, 100, 100, 0, 100])
    found = support([(np.array([1.0, 0, 1, 1, 0]), mine, theirs)])
    assert (found.contests, found.near) == (5, 3)
    assert found.near_win_rate == pytest.approx(2 / 3)


def test_no_contest_near_equal_length_has_no_win_rate_there():
    found = support([(np.ones(40), np.full(40, 300.0), np.full(40, 100.0))])
    assert found.near == 0 and math.isnan(found.near_win_rate) and found.outside
    assert found.warning.startswith("extrapolation, outside the central 95%")


def test_a_win_rate_far_from_equal_length_is_called_an_extrapolation():
    """3 of 200 contests are near; with differences around zero nothing is said."""
    rng = np.random.default_rng(0)
    won = (rng.random(200) < 0.3).astype(float)
    far = np.where(np.arange(200) < 3, 500, rng.uniform(100, 300, 200))
    note = length_controlled({0: slotless(won, length=far, opponent_length=500)}).note
    assert "extrapolation" in note and "3 of 200 contests are of nearly equal length" in note
    close = length_controlled({0: slotless(won, length=500 + rng.normal(0, 50, 200), opponent_length=500)})
    assert close.note == "" and close.support.near > 100
