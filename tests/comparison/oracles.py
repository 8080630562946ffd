"""Tests and intervals that no verb shows: what published tables allow, and slow ways to numbers made faster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchbench.comparison.stats.bootstrap import DRAWS, Value, bootstrap_interval, resample
from benchbench.comparison.stats.intervals import Interval, t_interval, undefined_interval
from benchbench.core.measurement import Array, PairScores


@dataclass(frozen=True)
class McNemar:
    """Two-sided p-values of equal accuracy; a statement about two checkpoints, not about two methods."""

    exact: float
    mid: float
    """Mid-p: the exact one is conservative (Fagerland et al. 2013)."""


def mcnemar(only_first: int, only_second: int) -> McNemar:
    """McNemar's test from the discordant counts of two scorers on the same pairs.

    Args:
        only_first: pairs that only the first scorer ranks rightly.
        only_second: pairs that only the second scorer ranks rightly.

    exact = 2 min(1/2, P(Bin(b + c, 1/2) <= min(b, c))); mid-p takes off the point probability, half of it
    when both counts are equal (evaluation.md C4).
    """
    total = only_first + only_second
    smaller = min(only_first, only_second)
    exact = 2 * min(0.5, float(stats.binom.cdf(smaller, total, 0.5)))
    point = float(stats.binom.pmf(smaller, total, 0.5))
    return McNemar(exact, 1 - point / 2 if only_first == only_second else exact - point)


def paired_difference(candidate: Array, baseline: Array, *, level: float = 0.95) -> Interval:
    """Mean difference over seeds with its Student-t interval.

    Args:
        candidate: [k] values, one per seed.
        baseline: [k] values of the same seeds in the same order.
        level: coverage of the interval, in (0, 1).

    The k differences are taken as independent and roughly normal. With k < 2 there is no spread to
    measure and both bounds are NaN. All that published tables allow; where prompts are shared and
    their scores at hand, `crossed_interval` is right.
    """
    if candidate.shape != baseline.shape or candidate.ndim != 1:
        raise ValueError(f"expected two arrays [k], got {candidate.shape} and {baseline.shape}")
    differences = candidate - baseline
    k = len(differences)
    mean = float(differences.mean()) if k else math.nan
    if k < 2:
        return undefined_interval(mean, level=level, note="one seed: seed variance not estimated, no interval")
    if np.ptp(differences) == 0:
        note = "all differences are equal: no spread to measure, no interval"
        return undefined_interval(mean, level=level, note=note)
    se = float(differences.std(ddof=1)) / math.sqrt(k)
    return t_interval(mean, se, k - 1, level=level, method="paired t over seeds")


def paired_bootstrap(
    candidate: Sequence[PairScores],
    baseline: Sequence[PairScores],
    value: Value,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
    level: float = 0.95,
) -> Interval:
    """Difference of a metric between two methods over the same seeds and pairs.

    Args:
        candidate: pair scores of each seed.
        baseline: pair scores of the same seeds in the same order, over the same pairs.
        value: the metric.
        rng: generator of the resampling.
        draws: number of resamplings.
        level: coverage of the interval, in (0, 1).
    """
    if len(candidate) != len(baseline):
        raise ValueError(f"expected the same seeds, got {len(candidate)} and {len(baseline)}")
    observed = np.array([value(c) - value(b) for c, b in zip(candidate, baseline, strict=True)])
    drawn = resample([*candidate, *baseline], value, rng=rng, draws=draws)
    k = len(candidate)
    return bootstrap_interval(observed, drawn[:, :k] - drawn[:, k:], n=candidate[0].prompts, level=level)
