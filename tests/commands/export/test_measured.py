"""Intervals of one run's metrics, against scipy and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchbench import metrics
from benchbench.commands.export.measured import measured_interval
from benchbench.comparison.pairs.measure import measure_one
from benchbench.comparison.pairs.scorings import pairs
from benchbench.comparison.stats.intervals import Interval
from tests.comparison.rows import score_frame

RNG = np.random.default_rng(7)
CHOSEN, REJECTED = RNG.normal(0.3, 1.0, 60), RNG.normal(0.0, 1.0, 60)


def interval(metric: str, chosen=CHOSEN, rejected=REJECTED) -> Interval:
    paired = pairs(score_frame(list(chosen), list(rejected)))
    measured = measure_one(paired, metrics.get(metric), "logp_mean", tie_credit=0.5)
    return measured_interval(metrics.get(metric), measured, paired, tie_credit=0.5)


def test_a_mean_gets_the_t_interval_over_prompts():
    margins = CHOSEN - REJECTED
    expected = stats.ttest_1samp(margins, 0.0).confidence_interval(0.95)
    told = interval("mean_margin")
    assert (told.low, told.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert told.mean == pytest.approx(margins.mean()) and "seed variance not estimated" in told.note


def test_a_rate_gets_wilsons_interval_which_stays_in_range():
    """For n prompts of one pair each the variance is rate (1 - rate) n / (n - 1), so n - 1 contests count."""
    told = interval("pair_accuracy")
    wins = int((CHOSEN > REJECTED).sum())
    rate, n, quantile = wins / 60, 59, stats.t.ppf(0.975, 59)
    centre = (rate + quantile**2 / (2 * n)) / (1 + quantile**2 / n)
    half = quantile * math.sqrt(rate * (1 - rate) / n + quantile**2 / (4 * n**2)) / (1 + quantile**2 / n)
    assert (told.low, told.high) == (pytest.approx(centre - half), pytest.approx(centre + half))
    everything = interval("pair_accuracy", CHOSEN + 9, REJECTED)
    assert everything.mean == everything.high == 1.0 and 0.9 < everything.low < 1.0


def test_what_is_no_mean_gets_its_own_standard_error():
    paired = pairs(score_frame(list(CHOSEN), list(REJECTED)))
    measured = measure_one(paired, metrics.get("auc"), "logp_mean", tie_credit=0.5)
    told = interval("auc")
    half = stats.t.ppf(0.975, 59) * measured.se
    assert (told.low, told.high) == (pytest.approx(measured.value - half), pytest.approx(measured.value + half))
    assert interval("auc", CHOSEN + 1.9, REJECTED).high <= 1.0


def test_what_is_undefined_has_a_note_and_no_interval():
    told = interval("mean_margin", [math.nan], [0.0])
    assert math.isnan(told.mean) and math.isnan(told.low) and told.note
    one = interval("mean_margin", [1.0], [0.0])
    assert one.mean == 1.0 and math.isnan(one.low) and "one prompt" in one.note
