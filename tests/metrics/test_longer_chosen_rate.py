"""The accuracy of length alone."""

from __future__ import annotations

from benchbench import metrics
from benchbench.metrics.longer_chosen_rate import METRIC

from .scores import pair_scores, random_scores


def test_by_hand_with_equal_lengths():
    assert METRIC.value(pair_scores([0.0] * 3, [0.0] * 3, n_tokens=([7, 2, 3], [3, 3, 3]))) == 0.5


def test_it_is_the_pair_accuracy_of_a_score_of_length():
    chosen, rejected = random_scores().stored["n_tokens"]
    expected = metrics.get("pair_accuracy").value(pair_scores(chosen, rejected))
    assert METRIC.value(random_scores()) == expected
