"""Mean score of the rejected responses."""

from __future__ import annotations

import pytest

from benchbench import metrics

from .scores import pair_scores, random_scores

METRIC = metrics.get("rejected_mean")


def test_by_hand():
    """The mean of -2, -5, -4."""
    assert METRIC.value(pair_scores([-1.0, -2.0, -6.0], [-2.0, -5.0, -4.0])) == pytest.approx(-11 / 3, rel=1e-12)


def test_the_other_side_is_not_read():
    scores = random_scores()
    assert METRIC.value(pair_scores(scores.chosen + 1.0, scores.rejected)) == METRIC.value(scores)


def test_neither_direction_is_better():
    assert METRIC.direction == "none"
