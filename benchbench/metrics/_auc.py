"""Area under the ROC curve and its standard error, shared by two exhibits of this room."""

from __future__ import annotations

import math

import numpy as np

from benchbench.core.clusters import over_prompts
from benchbench.core.measurement import Array


def area(positive: Array, negative: Array) -> float:
    """P(a positive scores above a negative), ties one half, over all n * n combinations.

    Counted through sorted scores, O(n log n). The counts are whole numbers below 2**53, so a constant
    scorer gives exactly 0.5.
    """
    ordered = np.sort(negative)
    queries = np.sort(positive)  # sorted queries are searched several times faster
    below = np.searchsorted(ordered, queries, side="left").sum()
    not_above = np.searchsorted(ordered, queries, side="right").sum()
    return float((below + not_above) / (2 * len(positive) * len(negative)))


def resampled_area(positive: Array, negative: Array, counts: Array) -> Array:
    """[draws] `area` with the i-th positive and negative repeated counts[draw, i] times.

    Scores are sorted once for all draws. Pairs are the first axis throughout, so that every step is over whole rows of
    draws; and counts are whole numbers, which float32 holds below 2**24 as exactly as float64 does below 2**53.
    """
    order = np.argsort(negative)
    ordered = negative[order]
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    drawn = counts.sum(axis=1)
    combinations = 2 * drawn * drawn
    exact = np.float32 if combinations.max() < 2**24 else np.float64
    by_pair = np.ascontiguousarray(counts.T, dtype=exact)  # [n, draws]
    total = np.zeros((len(negative) + 1, len(counts)), dtype=exact)  # negatives before each place
    for place, pair in enumerate(order.tolist()):  # six times as fast as np.cumsum over the first axis
        np.add(total[place], by_pair[pair], out=total[place + 1])
    hits = 2 * np.einsum("nd,nd->d", by_pair, total[below])
    tied = np.flatnonzero(below != not_above)
    hits += np.einsum("nd,nd->d", by_pair[tied], total[not_above[tied]] - total[below[tied]])
    return hits.astype(np.float64) / combinations


def clustered_error(positive: Array, negative: Array, prompt: Array | None = None) -> float:
    """Standard error where the i-th positive and the i-th negative share a prompt, and pairs of one number as well.

    DeLong's components V10_i = mean_j psi(w_i, l_j) and V01_i = mean_j psi(w_j, l_i), with the pairs as
    clusters (Obuchowski 1997): Var = (S10 + S01 + 2 S11) / n, which is the variance of V10 + V01 over n.
    DeLong's own form leaves S11 out and was up to three times too large in simulation
    (evaluation.md A2). NaN for fewer than two prompts.
    """
    components = over_prompts(influences(positive, negative), prompt)
    if len(components) < 2:
        return math.nan
    return float(components.std(ddof=1) / math.sqrt(len(components)))


def influences(positive: Array, negative: Array) -> Array:
    """[n] DeLong's V10 + V01 of each pair, whose spread over prompts gives the variance; their mean is two areas."""
    return _share_below(positive, negative) + 1 - _share_below(negative, positive)


def _share_below(queries: Array, pool: Array) -> Array:
    """[n] share of the pool below each query, ties one half."""
    ordered = np.sort(pool)
    counts = np.searchsorted(ordered, queries, side="left") + np.searchsorted(ordered, queries, side="right")
    return counts / (2 * len(pool))
