"""The logistic function."""

from __future__ import annotations

import pytest

from benchbench.core.logistic import sigmoid


def test_it_does_not_overflow():
    assert [sigmoid(x) for x in (-1e4, 0.0, 1e4)] == [0.0, 0.5, 1.0]
    assert sigmoid(-2.0) == pytest.approx(1 - sigmoid(2.0), rel=1e-15)
