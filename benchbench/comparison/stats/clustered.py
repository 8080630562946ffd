"""Intervals of what is a mean over prompts, or behaves like one: prompts are the clusters, seeds cross them.

For quantities without a bound, log-odds among them; rates and their differences are `bounded`'s.

An estimate that is no mean has an influence of each prompt on it, which averages to zero; estimate plus influence are
values whose mean is the estimate and whose spread is its clustered (sandwich) variance. So one pair of functions serves
win rates, ratings and length control.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.special import expit

from benchbench.comparison.stats.intervals import (
    NO_SPREAD,
    Interval,
    crossed_interval,
    t_interval,
    undefined_interval,
)
from benchbench.core.measurement import Array

ONE_SEED = "one seed: seed variance not estimated"
"""Said of every interval over prompts alone: it speaks of the runs that were made and not of their methods."""


def prompt_interval(values: Array, *, against: float = 0.0, level: float = 0.95) -> Interval:
    """Mean over prompts with its t interval, tested against a number.

    Args:
        values: [n] one value per prompt; with several samples of a prompt their mean, so that they are one cluster.
        against: the mean under the hypothesis that `p` tests.
        level: coverage of the interval, in (0, 1).
    """
    n = len(values)
    mean = float(values.mean()) if n else math.nan
    if n == 0:
        return undefined_interval(math.nan, level=level, note="no prompts")
    if not np.isfinite(values).all():
        return undefined_interval(mean, level=level, note="a value is not finite")
    if n == 1:
        return undefined_interval(mean, level=level, note="one prompt: prompt variance not estimated, no interval")
    se = float(values.std(ddof=1)) / math.sqrt(n)
    if se <= NO_SPREAD * float(np.abs(values).max()):
        return undefined_interval(mean, level=level, note="all prompts are equal: no spread to measure, no interval")
    interval = t_interval(mean - against, se, n - 1, level=level, method="t over prompts")
    return _shifted(interval, against)


def seeded_interval(values: Array, *, against: float = 0.0, level: float = 0.95) -> Interval:
    """Mean over seeds and prompts: the two-way crossed t interval, or that over prompts alone for one seed.

    Args:
        values: [k, n] one value per seed and prompt.
        against: the mean under the hypothesis that `p` tests.
        level: coverage of the interval, in (0, 1).
    """
    if len(values) == 1:
        return of_one_seed(prompt_interval(values[0], against=against, level=level))
    return _shifted(crossed_interval(values - against, level=level), against)


def of_one_seed(interval: Interval) -> Interval:
    """The interval over prompts alone, labelled as such."""
    return replace(interval, note="; ".join(note for note in (ONE_SEED, interval.note) if note), one_run=True)


def as_probability(log_odds: Interval) -> Interval:
    """An interval of log-odds as one of the probability, which so stays in [0, 1]; a test of 0 becomes one of 1/2.

    The standard error is the delta method's.
    """
    mean, low, high = (float(expit(value)) for value in (log_odds.mean, log_odds.low, log_odds.high))
    return replace(log_odds, mean=mean, low=low, high=high, se=log_odds.se * mean * (1 - mean))


def _shifted(interval: Interval, by: float) -> Interval:
    return replace(interval, mean=interval.mean + by, low=interval.low + by, high=interval.high + by)
