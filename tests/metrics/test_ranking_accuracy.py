"""Ranking accuracy of the policy itself, in which a tie is right."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import accuracy_score

from benchbench.metrics.ranking_accuracy import METRIC, per_pair

from .scores import pair_scores, random_scores


def test_by_hand_with_a_tie():
    assert per_pair(pair_scores([1.0, 2.0, 3.0], [1.0, 3.0, 2.0])).tolist() == [1.0, 0.0, 1.0]


def test_as_scikit_learn_has_it():
    scores = random_scores()
    assert METRIC.value(scores) == accuracy_score(np.ones(50), scores.chosen >= scores.rejected)


def test_it_is_of_the_policy_s_own_log_probabilities():
    assert METRIC.scorings == ("logp_sum", "logp_mean")
