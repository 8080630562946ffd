"""Pair accuracy by hand."""

from __future__ import annotations

import pytest

from benchbench.metrics.pair_accuracy import METRIC, per_pair

from .scores import SIX_PAIRS, pair_scores


def test_by_hand():
    """Four right, one wrong, one tie at one half: 4.5 of 6."""
    assert METRIC.value(SIX_PAIRS) == 0.75


@pytest.mark.parametrize(("credit", "expected"), [(0.0, 4 / 6), (0.5, 4.5 / 6), (1.0, 5 / 6)])
def test_the_tie_credit_is_what_a_tie_earns(credit, expected):
    scores = pair_scores(SIX_PAIRS.chosen, SIX_PAIRS.rejected, tie_credit=credit)
    assert METRIC.value(scores) == pytest.approx(expected, rel=1e-15)


def test_the_smallest_difference_is_no_tie():
    assert per_pair(pair_scores([1.0 + 2**-52, 5e-324], [1.0, 0.0])).tolist() == [1.0, 1.0]


def test_the_standard_error_is_that_of_a_mean():
    """Credits 1, 1, 0, 0: variance 1/3 with ddof 1, over four pairs."""
    measured = METRIC.measure(pair_scores([1, 1, 0, 0], [0, 0, 1, 1]), "logp_mean")
    assert measured.se == pytest.approx((1 / 12) ** 0.5, rel=1e-12)
