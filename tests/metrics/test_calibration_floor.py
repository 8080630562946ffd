"""The calibration error of a model that is calibrated, against simulation with the metric itself."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench import metrics
from benchbench.metrics.calibration_floor import METRIC

from .scores import pair_scores

ERROR = metrics.get("calibration_error")


def _calibrated(rng, p):
    """Pairs whose order is right with the probability that the margin says: the sign of each margin is drawn."""
    margin = np.log(p / (1 - p))
    return pair_scores(np.where(rng.random(len(p)) < p, margin, -margin), np.zeros(len(p)))


@pytest.mark.parametrize("n", [30, 400])
def test_the_mean_error_of_calibrated_models(n):
    rng = np.random.default_rng(0)
    p = rng.uniform(0.05, 0.95, n)
    errors = [ERROR.value(_calibrated(rng, p)) for _ in range(400)]
    floor = METRIC.value(_calibrated(rng, p))
    assert floor == pytest.approx(np.mean(errors), rel=0.08)


def test_one_pair_by_hand():
    """P = 3/4: off by 1/4 with probability 3/4 and by 3/4 with 1/4, so 3/8 on average, in each of two bins."""
    assert METRIC.value(pair_scores([np.log(3)], [0.0])) == pytest.approx(3 / 8, abs=0.04)


def test_a_certain_model_has_none():
    assert METRIC.value(pair_scores([1e4, 0.0], [0.0, 1e4])) == 0.0


def test_a_confident_model_that_is_often_wrong_stands_far_above_it():
    scores = pair_scores(np.where(np.arange(300) % 3 == 0, -4.0, 4.0), np.zeros(300))
    assert ERROR.value(scores) > 5 * METRIC.value(scores)
