"""Pair accuracy where the chosen response is the shorter one."""

from __future__ import annotations

import math

from benchbench.metrics.accuracy_against_length import METRIC

from .scores import pair_scores, random_scores

LENGTHS = ([1, 2, 3, 9], [3, 3, 4, 3])


def test_by_hand_with_a_tie():
    """The last pair's chosen response is longer; of the others one is right, one tied, one wrong."""
    assert METRIC.value(pair_scores([1.0, 1.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0], n_tokens=LENGTHS)) == 0.5


def test_a_score_of_length_has_none_right():
    lengths = random_scores().stored["n_tokens"]
    assert METRIC.value(pair_scores(*lengths, n_tokens=lengths)) == 0.0


def test_without_such_a_pair_it_is_undefined():
    measured = METRIC.measure(pair_scores([1.0], [0.0], n_tokens=(5, 5)), "logp_mean")
    assert math.isnan(measured.value) and measured.note == "no chosen response is the shorter one"
