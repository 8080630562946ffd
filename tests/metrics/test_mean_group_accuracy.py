"""Mean of the groups' pair accuracies."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.metrics.mean_group_accuracy import METRIC, resampled, value
from benchbench.metrics.pair_accuracy import value as pair_accuracy
from benchbench.metrics.worst_group_accuracy import value as worst_group_accuracy

from .scores import pair_scores


def test_by_hand():
    """Group 7 has 2 of 3, group 2 one tie at a credit of 1/4 and one wrong: (2/3 + 1/8) / 2."""
    scores = pair_scores([1, 1, 0, 0, 0], [0, 0, 1, 0, 1], group=[7, 7, 7, 2, 2], tie_credit=0.25)
    assert value(scores) == pytest.approx((2 / 3 + 1 / 8) / 2, rel=1e-12)
    assert worst_group_accuracy(scores) < pair_accuracy(scores) < 2 / 3


def test_one_group_is_plain_pair_accuracy():
    scores = pair_scores([1, 1, 0], [0, 0, 1], group=[3, 3, 3])
    assert METRIC.value(scores) == pytest.approx(pair_accuracy(scores), rel=1e-12)


def test_a_group_that_a_draw_leaves_out_is_not_in_its_mean():
    """The first draw has the second group's two pairs alone, both right; the second has one pair of each, 0 and 1."""
    scores = pair_scores([0, 1, 1], [1, 0, 0], group=[1, 2, 2])
    assert resampled(scores, np.array([[0, 1, 2], [1, 1, 0]])).tolist() == [1.0, 0.5]
