"""How well a score ranks the candidates of a prompt, one number per list; the mean over lists is the metric.

Lists are rows of [n, K] arrays, shorter ones filled up with NaN at the end; K may be 2. Relevance, `gold`, is higher
for the better candidate. NaN is given where a list says nothing, to be left out and counted and never taken for 0 or 1.
Candidates of equal score are in no order: each function takes the mean over all orders that they could have.
"""

from __future__ import annotations

from math import comb

import numpy as np

from benchbench.core.measurement import Array


def top1(scores: Array, gold: Array) -> Array:
    """[n] 1 where the candidate that scores highest is one of the best; of several highest the share that is.

    With two candidates and no tie it is the pair accuracy.
    """
    _check(scores, gold)
    highest = scores == np.nanmax(scores, axis=1, keepdims=True)
    best = gold == np.nanmax(gold, axis=1, keepdims=True)
    return (highest & best).sum(axis=1) / highest.sum(axis=1)


def ndcg(scores: Array, gold: Array, *, k: int | None = None) -> Array:
    """[n] discounted cumulative gain of the first k over that of the ideal order; NaN where none is relevant.

    Gains are exponential, 2^gold - 1 (Burges et al. 2005), discounts 1 / log2(rank + 1); candidates of equal score
    share the mean discount of their ranks (McSherry and Najork 2008). Scikit-learn's gains are linear.

    Args:
        scores: [n, K].
        gold: [n, K] relevance of each, not negative.
        k: number of first ranks that count; all by default, and all of a list that is shorter.

    Raises:
        ValueError: a negative relevance, whose gain would be one too.
    """
    _check(scores, gold)
    if np.nanmin(gold, initial=0.0) < 0:
        raise ValueError("gold: expected relevances of 0 or more, found a negative one")
    gains = np.nan_to_num(2.0**gold - 1)
    ideal = (gains * _discounts(gold, k)).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return (gains * _discounts(scores, k)).sum(axis=1) / np.where(ideal == 0, np.nan, ideal)


def reciprocal_rank_of_best(scores: Array, gold: Array) -> Array:
    """[n] 1 / rank of the first candidate than which none of its list is better, whatever unit gold has."""
    _check(scores, gold)
    return reciprocal_rank(scores, np.where(np.isnan(gold), np.nan, gold == np.nanmax(gold, axis=1, keepdims=True)))


def reciprocal_rank(scores: Array, gold: Array, *, relevant_from: float = 1.0, k: int | None = None) -> Array:
    """[n] 1 / rank of the first relevant candidate, expected over the orders of ties; NaN where none is relevant.

    Args:
        scores: [n, K].
        gold: [n, K] relevance of each.
        relevant_from: relevance from which a candidate counts as relevant.
        k: number of first ranks that count, beyond which it is 0; all by default.
    """
    _check(scores, gold)
    relevant = gold >= relevant_from  # NaN is not
    first = np.where(relevant, scores, -np.inf).max(axis=1, keepdims=True)
    above, tied = (scores > first).sum(axis=1), (scores == first).sum(axis=1)
    among = (relevant & (scores == first)).sum(axis=1)
    places = zip(above.tolist(), tied.tolist(), among.tolist(), strict=True)
    last = scores.shape[1] if k is None else k
    return np.array([_expected(*place, last=last) if place[2] else np.nan for place in places])


def kendall_tau_b(scores: Array, gold: Array) -> Array:
    """[n] Kendall's tau-b of score and relevance, in [-1, 1]; NaN where either is the same for all candidates.

    (C - D) / sqrt((P - ties of the score) (P - ties of gold)), over the P pairs of candidates. With two candidates and
    no tie it is twice the pair accuracy less 1.
    """
    _check(scores, gold)
    i, j = np.triu_indices(scores.shape[1], 1)
    by_score, by_gold = (np.nan_to_num(np.sign(side[:, i] - side[:, j])) for side in (scores, gold))  # absent: 0
    untied = np.abs(by_score).sum(axis=1) * np.abs(by_gold).sum(axis=1)
    return (by_score * by_gold).sum(axis=1) / np.sqrt(np.where(untied == 0, np.nan, untied))


def recall(scores: Array, gold: Array, *, k: int, relevant_from: float = 1.0) -> Array:
    """[n] share of a list's relevant candidates among its first k, expected over ties; NaN where none is relevant.

    Args:
        scores: [n, K].
        gold: [n, K] relevance of each.
        k: number of first ranks, 1 or more.
        relevant_from: relevance from which a candidate counts as relevant.
    """
    _check(scores, gold)
    relevant = gold >= relevant_from  # NaN is not
    is_first = (np.arange(scores.shape[1]) < k).astype(np.float64)
    count = relevant.sum(axis=1)
    return (relevant * _expected_at_rank(scores, is_first)).sum(axis=1) / np.where(count == 0, np.nan, count)


def _discounts(values: Array, k: int | None) -> Array:
    """[n, K] mean discount over the ranks that each candidate may have; 0 of those that are absent."""
    size = values.shape[1]
    at_rank = 1 / np.log2(np.arange(size) + 2.0)
    at_rank[size if k is None else k :] = 0
    return _expected_at_rank(values, at_rank)


def _expected_at_rank(values: Array, at_rank: Array) -> Array:
    """[n, K] mean of what each rank is worth, over the ranks that each candidate may have; 0 of the absent."""
    total = np.concatenate([[0.0], np.cumsum(at_rank)])  # of the ranks before each
    before = (values[:, None, :] > values[:, :, None]).sum(axis=2)  # [n, K] candidates above each
    tied = (values[:, None, :] == values[:, :, None]).sum(axis=2)
    return np.where(np.isnan(values), 0.0, (total[before + tied] - total[before]) / np.maximum(tied, 1))


def _expected(above: int, tied: int, relevant: int, *, last: int) -> float:
    """Mean of 1 / rank of the first relevant one, 0 after the last rank, over all orders of those of equal score."""
    orders = comb(tied, relevant)
    places = range(1, tied - relevant + 2)
    return sum(comb(tied - p, relevant - 1) / (above + p) for p in places if above + p <= last) / orders


def _check(scores: Array, gold: Array) -> None:
    if scores.shape != gold.shape or scores.ndim != 2 or scores.shape[1] < 2:
        raise ValueError(f"expected two arrays [n, K] of two candidates or more, got {scores.shape} and {gold.shape}")
    if (np.isnan(scores) != np.isnan(gold)).any() or (np.isfinite(scores).sum(axis=1) < 2).any():
        raise ValueError(
            "expected a score and a relevance of two candidates or more in every list, and NaN beyond them"
        )
