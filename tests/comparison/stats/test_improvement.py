"""Probability of improvement against scipy's U statistic and rliable's value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchbench.comparison.stats.improvement import probability_of_improvement


def test_as_rliable_has_it():
    """Rliable 1.2.0, `metrics.probability_of_improvement` of these runs of one task."""
    candidate, baseline = np.array([4.0, 5.0, 5.0, 3.0, 5.0]), np.array([5.0, 5.0, 0.0, 2.0])
    assert probability_of_improvement(candidate, baseline) == pytest.approx(0.65)


def test_as_the_u_statistic_on_random_runs_with_ties():
    rng = np.random.default_rng(1)
    for _ in range(20):
        candidate, baseline = rng.integers(0, 5, 6).astype(float), rng.integers(0, 5, 4).astype(float)
        expected = stats.mannwhitneyu(candidate, baseline).statistic / 24
        assert probability_of_improvement(candidate, baseline) == pytest.approx(expected, rel=1e-12)


def test_lower_is_better_turns_it_round():
    candidate, baseline = np.array([1.0, 2.0]), np.array([2.0, 3.0])
    assert probability_of_improvement(candidate, baseline) == 0.125
    assert probability_of_improvement(candidate, baseline, direction="lower") == 0.875


@pytest.mark.parametrize(("candidate", "direction"), [([1.0], "none"), ([], "higher"), ([1.0, math.nan], "higher")])
def test_undefined_is_nan(candidate, direction):
    assert math.isnan(probability_of_improvement(np.array(candidate), np.ones(2), direction=direction))
