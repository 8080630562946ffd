"""Calibration error over bins of equal mass, against bins cut from the sorted confidences."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.metrics.calibration_error_equal_mass import BINS, METRIC

from .scores import pair_scores


def test_against_slices_of_the_sorted_confidences():
    """150 pairs of different margins are 300 confidences: fifteen slices of twenty."""
    scores = pair_scores(np.random.default_rng(0).normal(0.3, 2, 150), np.zeros(150))
    p = 1 / (1 + np.exp(-scores.margin))
    confidence, label = np.concatenate([p, 1 - p]), np.repeat([1.0, 0.0], 150)
    order = np.argsort(confidence)
    slices = zip(np.split(confidence[order], BINS), np.split(label[order], BINS), strict=True)
    assert METRIC.value(scores) == pytest.approx(np.mean([abs(y.mean() - c.mean()) for c, y in slices]), rel=1e-9)


def test_all_alike_are_two_bins_by_hand():
    """Ten margins of log 3, nine of them right: 0.75 and 0.25 against 0.9 and 0.1."""
    scores = pair_scores(np.full(10, np.log(3)), np.zeros(10))
    turned = pair_scores(np.r_[np.full(9, np.log(3)), -np.log(3)], np.zeros(10))
    assert METRIC.value(scores) == pytest.approx(0.25)
    assert METRIC.value(turned) == pytest.approx(0.15)
