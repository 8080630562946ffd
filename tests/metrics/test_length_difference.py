"""Tokens by which the chosen response is longer."""

from __future__ import annotations

from benchbench.metrics.length_difference import METRIC, per_pair

from .scores import pair_scores


def test_by_hand():
    scores = pair_scores([0.0, 0.0], [0.0, 0.0], n_tokens=([7, 2], [3, 3]))
    assert per_pair(scores).tolist() == [4.0, -1.0] and METRIC.value(scores) == 1.5
