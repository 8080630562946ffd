"""Agreement with the gold order."""

from __future__ import annotations

import math

from benchbench.metrics.gold_pair_accuracy import METRIC, per_pair

from .scores import pair_scores


def test_by_hand():
    """Agreement, gold reversed, gold tied, score tied, both tied; the annotator's choice plays no part."""
    scores = pair_scores(
        [2.0, 2.0, 2.0, 1.0, 1.0, 0.0],
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        gold=([1.0, 0.0, 1.0, 1.0, 1.0, -3.0], [0.0, 1.0, 1.0, 0.0, 1.0, -2.0]),
        tie_credit=0.25,
    )
    assert per_pair(scores).tolist() == [1.0, 0.0, 0.5, 0.25, 0.5, 1.0]


def test_gold_that_is_not_finite_is_nan_with_a_note():
    measured = METRIC.measure(pair_scores([1.0, 2.0], [0.0, 0.0], gold=([1.0, math.nan], [0.0, 0.0])), "logp_sum")
    assert math.isnan(measured.value) and "gold" in measured.note
