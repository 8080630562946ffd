"""A quantile of the margin."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats.mstats import mquantiles

from benchbench.metrics.low_margin import METRIC

from .scores import pair_scores, random_scores


def test_by_hand():
    """Eleven margins 0, 1, ... 10: an eleventh lies between each two, and no interpolation is needed."""
    assert METRIC.value(pair_scores(np.arange(11.0)[::-1], np.zeros(11))) == pytest.approx(10 * 0.1)


def test_as_scipy_has_it():
    scores = random_scores()
    assert METRIC.value(scores) == pytest.approx(mquantiles(scores.margin, 0.1, alphap=1, betap=1)[0], rel=1e-12)


def test_one_enormous_margin_does_not_move_it():
    margins = np.r_[np.arange(10.0), 10.0]
    assert METRIC.value(pair_scores(np.r_[np.arange(10.0), 1e9], np.zeros(11))) == METRIC.value(
        pair_scores(margins, np.zeros(11))
    )
