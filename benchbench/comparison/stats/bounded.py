"""Intervals of rates and of their differences: they stay in range, and zero spread counts as unknown.

`mean +- t se` leaves [0, 1], and covers .39 to .88 where a rate of .9 to .99 rests on 50 prompts of one run. A rate
gets Wilson's interval with the crossed standard error in it; a difference of two rates that share seeds and prompts
gets the crossed t with room for differences too rare to have been seen. Measured coverage: docs/statistics.md.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy import stats

from benchbench.comparison.stats.clustered import of_one_seed, prompt_interval
from benchbench.comparison.stats.critical import even_df
from benchbench.comparison.stats.intervals import (
    NO_SPREAD,
    Interval,
    Spread,
    crossed_interval,
    crossed_spread,
    few_seeds_note,
    undefined_interval,
)
from benchbench.core.measurement import Array

_RARE = 3.5
"""Effective number of successes, or of failures, up to which Wilson's far bound is replaced by Poisson's: three."""


def rate_interval(values: Array, *, against: float = 0.5, level: float = 0.95) -> Interval:
    """A rate over seeds and prompts with Wilson's interval, and the score test against a number that goes with it.

    Args:
        values: [k, n] one value in [0, 1] per seed and prompt, or values with such a mean and the spread of prompts.
        against: the rate under the hypothesis that `p` tests: |rate - against| over the standard error that the rate
            `against` would have, so that p < 1 - level exactly where the interval leaves `against` out.
        level: coverage of the interval, in (0, 1).

    The effective number of contests is rate (1 - rate) / SE^2 with the standard error of the crossed interval. Degrees
    of freedom are those of `stats.critical` for three to five seeds at 95 %, else Satterthwaite's with Welch's
    second-order terms, so that a few seeds are not trusted too much that are alike by chance. For one run both are
    those over prompts, which the caller has to say. Without spread (every contest won, every one tied) nothing is known
    of how alike the contests of a prompt are, so it is the number of prompts less one.
    """
    k, n = values.shape
    mean = float(values.mean()) if values.size else math.nan
    note = _no_interval(values)
    if note:
        return undefined_interval(mean, level=level, note=note)
    mean = min(max(mean, 0.0), 1.0)
    spread = None if k == 1 else crossed_spread(values)
    if spread is None:
        method, se, df = "Wilson over prompts", float(values.std(ddof=1)) / math.sqrt(n), n - 1.0
    else:
        method, se, df = "Wilson, crossed over seeds and prompts", spread.error()[0], _degrees(spread, level)
    note = few_seeds_note(k)
    if se <= NO_SPREAD:
        effective, se, df = n - 1.0, math.nan, n - 1.0
        note = f"no spread to measure: the interval is that of {n} prompts that are independent"
    else:
        effective = mean * (1 - mean) / se**2
    quantile = float(stats.t.ppf((1 + level) / 2, df))
    low, high = wilson(mean, effective, quantile, tail=1 - level)
    score = abs(mean - against) * math.sqrt(effective / (against * (1 - against)))
    p = float(2 * stats.t.sf(score, df))
    around_rate = Interval(mean=mean, low=low, high=high, se=se, df=df, p=p, level=level, method=method, note=note)
    return replace(around_rate, spread=spread)


def _degrees(spread: Spread, level: float) -> float:
    """Degrees of freedom of the rate's t quantile at a level, never more than Satterthwaite's.

    The solved values are for one level, and its p-values go far beyond it.
    """
    se, satterthwaite = spread.error()
    solved = even_df(spread.k, spread.n, spread.seeds / se**2, level) if se > NO_SPREAD else None
    return spread.welch_df(level) if solved is None else min(solved, satterthwaite)


def seeded_rate(values: Array, *, against: float = 0.5, level: float = 0.95) -> Interval:
    """`rate_interval` of several seeds, or labelled as that of one."""
    interval = rate_interval(values, against=against, level=level)
    return of_one_seed(interval) if len(values) == 1 else interval


def wilson(rate: float, contests: float, quantile: float, *, tail: float) -> tuple[float, float]:
    """Bounds of a rate by Wilson (1927), with Poisson's bound near 0 and 1.

    Args:
        rate: observed, in [0, 1].
        contests: their effective number, above 0.
        quantile: of the normal or t distribution, two-sided.
        tail: 1 less the level.

    Wilson's bound on the side of the rare outcome is too close for one to three successes, or failures (Brown, Cai and
    DasGupta 2001, Statistical Science 16:101, section 4.1.1): .5 chi2(tail; 2 x) / contests replaces it where wider.
    """
    centre = (rate + quantile**2 / (2 * contests)) / (1 + quantile**2 / contests)
    spread = math.sqrt(rate * (1 - rate) / contests + quantile**2 / (4 * contests**2))
    half = quantile * spread / (1 + quantile**2 / contests)
    low, high = centre - half, centre + half
    successes, failures = rate * contests, (1 - rate) * contests
    if 0 < successes <= _RARE:
        low = min(low, _poisson(successes, tail) / contests)
    if 0 < failures <= _RARE:
        high = max(high, 1 - _poisson(failures, tail) / contests)
    return (0.0 if successes == 0 else max(low, 0.0)), (1.0 if failures == 0 else min(high, 1.0))


def _poisson(count: float, tail: float) -> float:
    return 0.5 * float(stats.chi2.ppf(tail, 2 * count))


def difference_of_rates(differences: Array, *, level: float = 0.95) -> Interval:
    """Mean difference of two rates over the same seeds and prompts: crossed t with room for what is rare, in [-1, 1].

    Args:
        differences: [k, n] candidate minus baseline, each in [-1, 1], or with such a mean and the spread of prompts.
        level: coverage of the interval, in (0, 1).

    Two prompts are added, so far above and below the mean as what makes up the spread: s^2 = sum d^4 / sum d^2 over the
    prompts' deviations d. That is a factor of 1 + 2 kurtosis / n on their variance, next to nothing in an ordinary
    table; where few prompts differ at all it is about the interval of Bonett and Price (2012, J. Educ. Behav. Stat.
    37:479), and where none does (s = 1) about the rule of three. Newcombe's hybrid of two single intervals (MOVER)
    covered down to .89 at k = 3, where this covers .91 or more.

    One seed gives the interval over prompts alone, labelled.
    """
    note = _no_interval(differences)
    if note:
        return undefined_interval(float(differences.mean()) if differences.size else math.nan, level=level, note=note)
    n = differences.shape[1]
    by_seed = differences.mean(axis=1, keepdims=True)  # [k, 1]
    deviation = differences.mean(axis=0) - by_seed.mean()  # [n]
    flat = float(np.abs(deviation).max()) <= NO_SPREAD
    rare = 1.0 if flat else math.sqrt(float((deviation**4).sum() / (deviation**2).sum()))
    with_rare = np.concatenate([differences, by_seed - rare, by_seed + rare], axis=1)
    if len(differences) == 1:
        interval = of_one_seed(prompt_interval(with_rare[0], level=level))
    else:
        interval = crossed_interval(with_rare, level=level)
    if flat and float(np.ptp(by_seed)) <= NO_SPREAD:
        remark = f"no spread to measure: the interval is that of {n} prompts without a difference between them"
        note = "; ".join(part for part in (interval.note, remark) if part)
        interval = replace(interval, se=math.nan, df=math.nan, note=note)
    return within(interval, -1.0, 1.0)


def within(interval: Interval, least: float, most: float) -> Interval:
    """An interval cut to what its quantity can be, which takes nothing from its coverage."""
    if math.isnan(interval.low):
        return interval
    return replace(interval, low=max(interval.low, least), high=min(interval.high, most))


def _no_interval(values: Array) -> str:
    if values.size == 0:
        return "no prompts"
    if not np.isfinite(values).all():
        return "a value is not finite"
    if values.shape[1] == 1:
        return "one prompt: prompt variance not estimated, no interval"
    return ""
