"""Centred AUC against scikit-learn and repetition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import roc_auc_score

from benchbench.metrics.auc_centred import METRIC

from .scores import pair_scores, random_scores, tied_lists


def test_by_hand():
    """Margins 3 and -1: 3+3, 3-1, -1+3 are positive, -1-1 is not, so 3 of 4."""
    assert METRIC.value(pair_scores([3.0, 0.0], [0.0, 1.0])) == 0.75


@given(tied_lists(min_size=1))
def test_it_is_the_area_of_the_scores_minus_their_pair_mean(lists):
    chosen, rejected = lists
    centre = (chosen + rejected) / 2
    labels = np.repeat([1, 0], len(chosen))
    expected = roc_auc_score(labels, np.concatenate([chosen - centre, rejected - centre]))
    assert METRIC.value(pair_scores(chosen, rejected)) == pytest.approx(expected, abs=1e-12)


def test_an_offset_per_prompt_changes_nothing():
    scores = random_scores()
    offset = np.arange(50.0) * 8
    shifted = pair_scores(scores.chosen + offset, scores.rejected + offset)
    assert METRIC.value(shifted) == METRIC.value(scores)


def test_the_standard_error_is_the_spread_over_repetitions():
    """Offsets of the prompts play no part in it."""
    rng = np.random.default_rng(4)
    offset = 3 * rng.normal(size=(400, 100))
    measured = [METRIC.measure(pair_scores(rng.normal(0.5, 1, 100) + o, o), "logp_sum") for o in offset]
    assert np.mean([m.se for m in measured]) == pytest.approx(np.std([m.value for m in measured]), rel=0.12)
