"""Ranking metrics against scikit-learn, scipy and all orders of ties."""

from __future__ import annotations

import math
from functools import partial
from itertools import permutations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import ndcg_score

from benchbench.comparison.lists.ranking import (
    kendall_tau_b,
    ndcg,
    recall,
    reciprocal_rank,
    reciprocal_rank_of_best,
    top1,
)

NAN = math.nan


def _random(n=60, k=5, *, seed=0):
    """Scores and relevances with many ties."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 4, (n, k)) / 2, rng.integers(0, 4, (n, k)).astype(float)


def _over_orders(scores, gold, value):
    """Mean of what value says of the relevances in ranked order, over all orders in which scores do not rise."""
    orders = [o for o in permutations(range(len(scores))) if (np.diff(scores[list(o)]) <= 0).all()]
    return np.mean([value(gold[list(order)]) for order in orders])


def test_ndcg_by_hand():
    """Relevances 3, 0, 2 in ranked order: (7 + 3 / 2) / (7 + 3 / log2(3)) = 0.9558."""
    assert ndcg(np.array([[3.0, 2.0, 1.0]]), np.array([[3.0, 0.0, 2.0]])) == pytest.approx([0.9558], abs=5e-5)


@pytest.mark.parametrize("k", [None, 1, 3])
def test_ndcg_as_scikit_learn_has_it_of_the_same_gains(k):
    scores, gold = _random()
    expected = [
        ndcg_score(2.0 ** g[None] - 1, s[None], k=k) if g.any() else NAN for s, g in zip(scores, gold, strict=True)
    ]
    assert ndcg(scores, gold, k=k) == pytest.approx(expected, rel=1e-10, nan_ok=True)


@pytest.mark.parametrize(
    ("metric", "of_order"),
    [
        (partial(recall, k=2), lambda gold: (gold[:2] >= 1).sum() / (gold >= 1).sum() if (gold >= 1).any() else NAN),
        (top1, lambda gold: float(gold[0] == gold.max())),
        (reciprocal_rank, lambda gold: 1 / (np.argmax(gold >= 1) + 1) if (gold >= 1).any() else 0.0),
    ],
)
def test_ties_are_the_mean_over_all_their_orders(metric, of_order):
    scores, gold = _random()
    expected = [_over_orders(s, g, of_order) for s, g in zip(scores, gold, strict=True)]
    assert metric(scores, gold) == pytest.approx(expected, rel=1e-12)


def test_kendall_as_scipy_has_it():
    scores, gold = _random()
    expected = [stats.kendalltau(s, g).statistic for s, g in zip(scores, gold, strict=True)]
    assert kendall_tau_b(scores, gold) == pytest.approx(expected, rel=1e-10, nan_ok=True)


def test_two_candidates_without_ties_are_pairs():
    rng = np.random.default_rng(1)
    scores, gold = rng.normal(size=(2, 50, 2))
    right = (scores[:, 0] > scores[:, 1]) == (gold[:, 0] > gold[:, 1])
    assert top1(scores, gold).tolist() == right.tolist()
    assert kendall_tau_b(scores, gold).tolist() == (2 * right - 1.0).tolist()


@pytest.mark.parametrize("metric", [top1, ndcg, reciprocal_rank, kendall_tau_b])
def test_a_shorter_list_is_as_if_it_stood_alone(metric):
    scores, gold = _random(k=3)
    filled = [np.concatenate([side, np.full((60, 2), NAN)], axis=1) for side in (scores, gold)]
    assert metric(*filled) == pytest.approx(metric(scores, gold), rel=1e-12, nan_ok=True)


def test_what_says_nothing_is_nan_and_what_comes_too_late_is_nought():
    scores, none = np.array([[3.0, 2.0, 1.0]]), np.zeros((1, 3))
    assert np.isnan(ndcg(scores, none)).all() and np.isnan(kendall_tau_b(scores, none)).all()
    assert np.isnan(kendall_tau_b(none, scores)).all()
    assert np.isnan(reciprocal_rank(scores, none)).all()
    last = np.array([[0.0, 0.0, 1.0]])
    assert reciprocal_rank(scores, last, k=2).tolist() == [0.0] and reciprocal_rank(scores, last, k=3).tolist() == [
        1 / 3
    ]


def test_the_best_of_a_list_is_relevant_whatever_the_unit_of_gold():
    scores, gold = np.array([[3.0, 2.0, 1.0]]), np.array([[1.0, 5.0, 3.0]])
    for unit in (1.0, 0.01, 100.0):
        assert reciprocal_rank_of_best(scores, unit * gold).tolist() == [0.5]


@pytest.mark.parametrize(
    ("scores", "gold", "message"),
    [
        (np.zeros((1, 2)), np.zeros((1, 3)), "two arrays"),
        (np.zeros((1, 1)), np.zeros((1, 1)), "two candidates or more"),
        (np.array([[1.0, NAN]]), np.array([[1.0, 2.0]]), "NaN beyond"),
        (np.zeros((1, 2)), np.array([[-1.0, 2.0]]), "negative"),
    ],
)
def test_what_is_no_list_is_refused(scores, gold, message):
    with pytest.raises(ValueError, match=message):
        ndcg(scores, gold)
