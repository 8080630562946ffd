"""How sure the order of a table is: probabilities of ranks, over other prompts and other seeds.

Each draw resamples prompts, the same for every row and seed, and seeds, the same for every row, since rows are paired
in both. Drawn seeds deviate from the mean of all k by sqrt(k / (k - 1)) times as much as they do: resampled seeds alone
would spread too little by that factor. It is an approximation, and with three seeds a rough one: it says how far the
order could move, and is no test.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchbench.core.measurement import Array


@dataclass(frozen=True)
class Rank:
    """Where a row stands among all rows of a table."""

    rank: float
    """Of its mean: 1 is the best; the mean rank of rows that are tied."""
    low: float
    high: float
    """5 to 95 % range of its rank over draws; NaN with a single seed."""
    best: float
    """Share of draws in which it is the best, ties shared; NaN with a single seed."""


def rank_rows(
    values: Mapping[str, Array], *, higher_is_better: bool, rng: np.random.Generator, draws: int = 2000
) -> dict[str, Rank]:
    """The rank of every row, with its range.

    Args:
        values: label -> [k seeds, n prompts] contributions to the metric, paired over rows.
        higher_is_better: whether the largest mean is the best.
        rng: generator of the draws.
        draws: their number.

    Raises:
        ValueError: rows of unequal shape; they are not paired.
    """
    shapes = {array.shape for array in values.values()}
    if len(shapes) != 1:
        raise ValueError(f"expected the same seeds and prompts in every row, got shapes {sorted(shapes)}")
    stacked = np.stack(list(values.values())) * (1.0 if higher_is_better else -1.0)  # [rows, k, n]
    observed = ranks_of(stacked.mean(axis=(1, 2)))
    rows, k, n = stacked.shape
    if k < 2:
        return {
            label: Rank(float(rank), math.nan, math.nan, math.nan) for label, rank in zip(values, observed, strict=True)
        }
    drawn = np.empty((draws, rows))
    best = np.zeros(rows)
    scale = math.sqrt(k / (k - 1))
    for draw in range(draws):
        counts = rng.multinomial(n, np.full(n, 1 / n)) / n
        by_seed = stacked @ counts  # [rows, k]
        mean = by_seed.mean(axis=1, keepdims=True)
        chosen = rng.integers(0, k, size=k)
        means = mean[:, 0] + scale * (by_seed - mean)[:, chosen].mean(axis=1)
        drawn[draw] = ranks_of(means)
        first = _numbers(means) == _numbers(means).max()
        best += first / first.sum()
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    return {
        label: Rank(float(observed[i]), float(low[i]), float(high[i]), float(best[i] / draws))
        for i, label in enumerate(values)
    }


def ranks_of(means: Array) -> Array:
    """[rows] rank of each mean, 1 for the largest; ties share their mean rank, and what is no number is the last."""
    means = _numbers(means)
    larger = (means[None, :] > means[:, None]).sum(axis=1)
    equal = (means[None, :] == means[:, None]).sum(axis=1)
    return larger + (equal + 1) / 2


def _numbers(means: Array) -> Array:
    return np.where(np.isnan(means), -np.inf, means)
