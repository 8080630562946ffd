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

    Scores are sorted once for all draws; the counts stay whole numbers below 2**53, so nothing is rounded.
    """
    order = np.argsort(negative)
    ordered, queries = negative[order], positive
    below = np.searchsorted(ordered, queries, side="left")
    not_above = np.searchsorted(ordered, queries, side="right")
    total = np.zeros((len(counts), len(negative) + 1))
    np.cumsum(counts[:, order], axis=1, out=total[:, 1:])  # [draws, n + 1] negatives before each place
    hits = (counts * (total[:, below] + total[:, not_above])).sum(axis=1)
    drawn = counts.sum(axis=1)
    return hits / (2 * drawn * drawn)


def clustered_error(positive: Array, negative: Array, prompt: Array | None = None) -> float:
    """Standard error where the i-th positive and the i-th negative share a prompt, and pairs of one number as well.

    DeLong's components V10_i = mean_j psi(w_i, l_j) and V01_i = mean_j psi(w_j, l_i), with the pairs as
    clusters (Obuchowski 1997): Var = (S10 + S01 + 2 S11) / n, which is the variance of V10 + V01 over n.
    DeLong's own form leaves S11 out and was up to three times too large in simulation
    (evaluation.md A2). NaN for fewer than two prompts.
    """
    components = over_prompts(_share_below(positive, negative) + 1 - _share_below(negative, positive), prompt)
    if len(components) < 2:
        return math.nan
    return float(components.std(ddof=1) / math.sqrt(len(components)))


def _share_below(queries: Array, pool: Array) -> Array:
    """[n] share of the pool below each query, ties one half."""
    ordered = np.sort(pool)
    counts = np.searchsorted(ordered, queries, side="left") + np.searchsorted(ordered, queries, side="right")
    return counts / (2 * len(pool))
