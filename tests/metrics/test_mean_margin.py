"""Mean margin: chosen minus rejected, averaged over pairs."""

from __future__ import annotations

import pytest

from benchbench import metrics

from .scores import pair_scores, random_scores

METRIC = metrics.get("mean_margin")


def test_by_hand():
    """Margins 1, 3, -2."""
    assert METRIC.value(pair_scores([-1.0, -2.0, -6.0], [-2.0, -5.0, -4.0])) == pytest.approx(2 / 3, rel=1e-12)


def test_it_is_the_difference_of_the_sides():
    scores = random_scores()
    sides = metrics.get("chosen_mean").value(scores) - metrics.get("rejected_mean").value(scores)
    assert METRIC.value(scores) == pytest.approx(sides, rel=1e-12)


def test_neither_direction_is_better():
    assert METRIC.direction == "none"
