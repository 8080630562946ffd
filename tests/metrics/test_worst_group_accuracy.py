"""Pair accuracy of the worst group."""

from __future__ import annotations

import math

import pytest

from benchbench.metrics.pair_accuracy import value as pair_accuracy
from benchbench.metrics.worst_group_accuracy import METRIC, value

from .scores import pair_scores


def test_by_hand():
    """worst_group_accuracy: group 7 has 2 of 3, group 2 one tie and one wrong: 1/8 at a credit of 1/4."""
    scores = pair_scores([1, 1, 0, 0, 0], [0, 0, 1, 0, 1], group=[7, 7, 7, 2, 2], tie_credit=0.25)
    assert value(scores) == pytest.approx(0.125, rel=1e-12)


def test_one_group_is_plain_pair_accuracy():
    scores = pair_scores([1, 1, 0], [0, 0, 1], group=[3, 3, 3])
    assert value(scores) == pytest.approx(pair_accuracy(scores), rel=1e-12)


def test_a_pair_without_a_group_is_nan_with_a_note():
    measured = METRIC.measure(pair_scores([1, 1], [0, 0], group=[1, math.nan]), "reward_model")
    assert math.isnan(measured.value) and "group" in measured.note
