"""Mean margin over its standard deviation."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from benchbench import metrics
from benchbench.metrics.margin_over_sd import METRIC

from .scores import pair_scores, random_scores


def test_by_hand():
    """Margins 1 and 3: mean 2, population sd 1."""
    assert METRIC.value(pair_scores([1.0, 3.0], [0.0, 0.0])) == 2.0


def test_as_the_paired_t_statistic_and_as_the_other_two_metrics():
    scores = random_scores()
    t = stats.ttest_rel(scores.chosen, scores.rejected).statistic
    assert METRIC.value(scores) == pytest.approx(t / math.sqrt(49), rel=1e-10)
    parts = [metrics.get(name).value(scores) for name in ("mean_margin", "std_margin")]
    assert METRIC.value(scores) == pytest.approx(parts[0] / parts[1], rel=1e-12)


def test_equal_margins_leave_it_undefined():
    measured = METRIC.measure(pair_scores([1.0, 2.0], [0.0, 1.0]), "logp_mean")
    assert math.isnan(measured.value) and measured.note == "all margins are equal"
