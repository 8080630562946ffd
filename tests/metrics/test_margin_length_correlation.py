"""Correlation of margin and length."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from benchbench.metrics.margin_length_correlation import METRIC

from .scores import pair_scores, random_scores


def test_as_scipy_has_it():
    scores = random_scores()
    chosen, rejected = scores.stored["n_tokens"]
    expected = stats.pearsonr(scores.margin, chosen - rejected).statistic
    assert METRIC.value(scores) == pytest.approx(expected, rel=1e-10)


def test_a_score_of_length_has_one():
    lengths = ([7, 2, 3], [3, 3, 9])
    assert METRIC.value(pair_scores(*lengths, n_tokens=lengths)) == pytest.approx(1.0)


def test_equal_length_differences_leave_it_undefined():
    measured = METRIC.measure(pair_scores([1.0, 3.0], [0.0, 1.0], n_tokens=([4, 5], [3, 4])), "logp_mean")
    assert math.isnan(measured.value) and measured.note == "all length differences are equal"
