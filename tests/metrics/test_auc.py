"""Pooled AUC against scikit-learn, the definition and repetition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import roc_auc_score

from benchbench.metrics.auc import METRIC

from .scores import pair_scores, random_scores, tied_lists


def _psi(chosen, rejected):
    """[n, n] 1 where chosen i is above rejected j, one half where they tie: the definition, without ranks."""
    return np.where(chosen[:, None] == rejected[None, :], 0.5, chosen[:, None] > rejected[None, :])


@given(tied_lists(min_size=1))
def test_it_is_the_area_that_scikit_learn_finds(lists):
    chosen, rejected = lists
    labels = np.repeat([1, 0], len(chosen))
    expected = roc_auc_score(labels, np.concatenate([chosen, rejected]))
    assert METRIC.value(pair_scores(chosen, rejected)) == pytest.approx(expected, abs=1e-12)


@given(tied_lists())
def test_the_standard_error_is_the_clustered_form_of_the_definition(lists):
    """Var = (S10 + S01 + 2 S11) / n from the full matrix of comparisons."""
    chosen, rejected = lists
    psi = _psi(chosen, rejected)
    variance = np.cov(psi.mean(axis=1), psi.mean(axis=0)).sum() / len(chosen)
    assert METRIC.measure(pair_scores(chosen, rejected), "logp_sum").se ** 2 == pytest.approx(variance, abs=1e-14)


def test_an_increasing_transformation_changes_nothing():
    scores = random_scores()
    bent = pair_scores(np.exp(scores.chosen), np.exp(scores.rejected))
    assert METRIC.value(bent) == METRIC.value(scores)


def test_exchanging_the_classes_mirrors_it():
    scores = random_scores()
    assert METRIC.value(pair_scores(scores.rejected, scores.chosen)) == pytest.approx(1 - METRIC.value(scores))


def test_the_tie_credit_plays_no_part():
    assert METRIC.value(pair_scores([1.0, 1.0], [1.0, 1.0], tie_credit=0.0)) == 0.5


def test_an_offset_per_prompt_lowers_it_and_leaves_pair_accuracy():
    """Prompt offsets of sd 3 drown the same margins: evaluation.md A2."""
    rng = np.random.default_rng(2)
    offset = 3 * rng.normal(size=2000)
    chosen, rejected = 0.6 + rng.normal(size=2000), rng.normal(size=2000)
    plain, shifted = pair_scores(chosen, rejected), pair_scores(chosen + offset, rejected + offset)
    assert METRIC.value(plain) == pytest.approx(0.66, abs=0.02)
    assert METRIC.value(shifted) == pytest.approx(0.55, abs=0.02)


def test_the_standard_error_is_the_spread_over_repetitions():
    """With shared prompt offsets the true spread is far below DeLong's; 400 repetitions of 100 pairs."""
    rng = np.random.default_rng(3)
    values, errors = [], []
    for _ in range(400):
        offset = 3 * rng.normal(size=100)
        measured = METRIC.measure(
            pair_scores(offset + 0.6 + rng.normal(size=100), offset + rng.normal(size=100)), "logp_sum"
        )
        values.append(measured.value)
        errors.append(measured.se)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.12)
