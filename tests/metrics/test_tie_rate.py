"""The share of tied pairs."""

from __future__ import annotations

import pytest

from benchbench.metrics.tie_rate import METRIC

from .scores import SIX_PAIRS


def test_by_hand():
    assert METRIC.value(SIX_PAIRS) == pytest.approx(1 / 6, rel=1e-15)


def test_neither_direction_is_better():
    assert METRIC.direction == "none"
