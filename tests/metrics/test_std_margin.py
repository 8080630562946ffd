"""Spread of the margin: its standard deviation over pairs, without correction."""

from __future__ import annotations

import pytest

from benchbench import metrics

from .scores import pair_scores, random_scores

METRIC = metrics.get("std_margin")


def test_by_hand():
    """Margins 1, 3, -2: mean 2/3, squares about it 1/9 + 49/9 + 64/9 over three (ddof 0)."""
    scores = pair_scores([-1.0, -2.0, -6.0], [-2.0, -5.0, -4.0])
    assert METRIC.value(scores) == pytest.approx((114 / 27) ** 0.5, rel=1e-12)


def test_a_shift_of_every_chosen_score_changes_nothing():
    scores = random_scores()
    shifted = pair_scores(scores.chosen + 3.0, scores.rejected)
    assert METRIC.value(shifted) == pytest.approx(METRIC.value(scores), rel=1e-9)


def test_neither_direction_is_better():
    assert METRIC.direction == "none"
