"""Pairs that the reference has wrong and the policy right."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench.metrics.flip_rate import METRIC

from .scores import pair_scores, random_scores, taken

REFERENCE = ([0.0, 0.0, 0.0, 1.0, 0.5], [1.0, 1.0, 1.0, 0.0, 0.5])


def test_by_hand():
    """The reference has the first three wrong; of these the policy has one right, one tied and one wrong."""
    scores = pair_scores([2.0, 1.0, 0.0, 0.0, 9.0], [1.0, 1.0, 1.0, 5.0, 0.0], reference=REFERENCE)
    assert METRIC.value(scores) == pytest.approx(1.5 / 3)


def test_the_reference_itself_flips_nothing_and_that_is_no_result():
    scores = random_scores()
    chosen, rejected = scores.stored["reference"]
    itself = pair_scores(chosen, rejected, reference=(chosen, rejected))
    assert METRIC.value(itself) == 0.0
    measured = METRIC.measure(itself, "logp_sum")
    assert math.isnan(measured.value) and measured.note == "the policy is its own reference"


def test_a_reference_without_a_wrong_pair_leaves_it_undefined():
    measured = METRIC.measure(pair_scores([1.0, 2.0], [0.0, 0.0], reference=(1, 0)), "logp_sum")
    assert math.isnan(measured.value) and measured.note == "the reference ranks no pair wrongly"


def test_the_standard_error_is_near_that_of_the_bootstrap():
    scores, rng = random_scores(200), np.random.default_rng(3)
    drawn = [METRIC.value(taken(scores, rng.integers(200, size=200))) for _ in range(1500)]
    assert METRIC.measure(scores, "logp_sum").se == pytest.approx(np.std(drawn), rel=0.06)
