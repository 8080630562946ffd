"""Sensitivity d'."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchbench import metrics
from benchbench.metrics.d_prime import METRIC

from .scores import pair_scores, random_scores


def test_by_hand():
    """Means 3 and 1; variances 1 and 4, whose mean is 2.5."""
    assert METRIC.value(pair_scores([2.0, 4.0], [-1.0, 3.0])) == pytest.approx(2 / math.sqrt(2.5))


def test_as_the_t_statistic_of_two_samples():
    """T = d' sqrt((n - 1) / 2) for equal n and population variances."""
    scores = random_scores()
    t = stats.ttest_ind(scores.chosen, scores.rejected).statistic
    assert METRIC.value(scores) == pytest.approx(t * math.sqrt(2 / 49), rel=1e-10)


def test_normal_scores_have_the_area_that_it_says():
    rng = np.random.default_rng(0)
    scores = pair_scores(rng.normal(1.2, 1, 20_000), rng.normal(0, 1, 20_000))
    area = stats.norm.cdf(METRIC.value(scores) / math.sqrt(2))
    assert metrics.get("auc").value(scores) == pytest.approx(area, abs=0.005)


def test_without_any_spread_it_is_undefined():
    measured = METRIC.measure(pair_scores([1.0, 1.0], [0.1, 0.1]), "logp_mean")
    assert math.isnan(measured.value) and "all equal" in measured.note
