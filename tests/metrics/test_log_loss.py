"""Log loss of sigmoid of the margin."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from benchbench.metrics.log_loss import METRIC, per_pair

from .scores import pair_scores, random_scores


def test_by_hand():
    """Margins 0, log 3 and -log 3 are probabilities 1/2, 3/4 and 1/4."""
    scores = pair_scores([0.0, math.log(3), 0.0], [0.0, 0.0, math.log(3)])
    assert per_pair(scores) == pytest.approx([math.log(2), math.log(4 / 3), math.log(4)], rel=1e-12)


def test_as_scikit_learn_has_it_in_either_order():
    scores = random_scores()
    p = 1 / (1 + np.exp(-scores.margin))
    both = log_loss(np.repeat([1, 0], len(p)), np.concatenate([p, 1 - p]))
    assert METRIC.value(scores) == pytest.approx(both, rel=1e-12)


def test_large_margins_do_not_overflow():
    assert per_pair(pair_scores([1e5, 0.0], [0.0, 1e5])).tolist() == [0.0, 1e5]
