"""Strict pair accuracy by hand."""

from __future__ import annotations

import pytest

from benchbench.metrics.pair_accuracy_strict import METRIC

from .scores import SIX_PAIRS, pair_scores


def test_by_hand():
    """Four right, one wrong, one tie that counts as wrong."""
    assert METRIC.value(SIX_PAIRS) == pytest.approx(4 / 6, rel=1e-15)


def test_the_tie_credit_plays_no_part():
    assert METRIC.value(pair_scores([1.0, 2.0], [1.0, 0.0], tie_credit=1.0)) == 0.5
