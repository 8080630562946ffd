"""Expected calibration error of sigmoid of the margin."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench.metrics.calibration_error import METRIC, value

from .scores import pair_scores


def margins(*probabilities: float):
    logits = [math.log(p / (1 - p)) for p in probabilities]
    return pair_scores(logits, np.zeros(len(logits)))


def test_by_hand():
    """calibration_error: three pairs at 0.8 are right once too often: of 0.8 each, all three right: |3 - 2.4| / 3."""
    assert value(margins(0.8, 0.8, 0.8)) == pytest.approx(0.2, rel=1e-12)


def test_three_of_four_right_at_three_quarters_is_calibrated():
    assert value(margins(0.75, 0.75, 0.75, 0.25)) == pytest.approx(0.0, abs=1e-12)


def test_bins_are_averaged_by_their_pairs():
    """Three calibrated pairs and one at 0.99 that is right: errors 0 of four pairs at 3/4, and 0.01 of one in five."""
    assert value(margins(0.75, 0.75, 0.75, 0.25, 0.99)) == pytest.approx(0.01 / 5, rel=1e-9)


def test_a_certain_model_that_is_right_is_calibrated_and_one_that_is_wrong_is_not():
    assert value(pair_scores([1e4], [0.0])) == 0.0
    assert value(pair_scores([0.0], [1e4])) == 1.0


def test_a_simulated_calibrated_model_is_near_zero():
    rng = np.random.default_rng(0)
    margin = rng.normal(scale=2.0, size=20_000)
    first = rng.uniform(size=len(margin)) < 1 / (1 + np.exp(-margin))
    scores = pair_scores(np.where(first, margin, -margin), np.zeros(len(margin)))
    assert value(scores) < 0.01 < value(pair_scores(3 * scores.chosen, scores.rejected))
    assert METRIC.direction == "lower"
