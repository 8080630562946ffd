"""P-values of the rows of one table, corrected for all of them together.

A crossed t has many degrees of freedom where three seeds look alike by chance, and at Holm's strictest step its tail
is too thin: of 112 rows over three seeds without any difference, more than one table in four had a false finding. How
much seeds differ in the other rows says how much by chance that was, so a row has to hold by two tests: its own, and
the same with its seeds' mean square drawn towards those of the family (Smyth 2004, Stat. Appl. Genet. Mol. Biol.
3(1):3, moderated t). The second alone errs where rows do differ in how noisy they are; both together stay near the
level or below it in all simulations of docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize, special, stats

from benchbench.comparison.stats.intervals import Interval, Spread
from benchbench.comparison.stats.significance import holm
from benchbench.core.measurement import Array

_SMALLEST = 1e-5
"""Of the median mean square: a smaller one, whose logarithm says nothing, counts as this."""
_MOST = 1e6
"""Degrees of freedom that count as infinite."""
_RANGE = (-20.0, math.log(_MOST))
"""Logarithms of half the degrees of freedom that are looked at."""


@dataclass(frozen=True)
class SeedPrior:
    """A scaled inverse chi-square distribution of the mean squares of seeds in a family."""

    mean_square: float
    """Its scale, in squared units of the metric."""
    df: float
    """Its weight, as so many degrees of freedom; infinite where rows differ in it by no more than chance."""

    def moderated(self, mean_square: float, df: int) -> tuple[float, float]:
        """A row's mean square drawn towards the family's, and its degrees of freedom."""
        if math.isinf(self.df):
            return self.mean_square, math.inf
        total = self.df + df
        return (self.df * self.mean_square + df * mean_square) / total, total


def holm_of_family(p: Sequence[float], intervals: Sequence[Interval | None]) -> Array:
    """[h] p-values of the rows of one table after Holm's step-down, each the larger of the row's own and the moderated.

    Args:
        p: of each row's own test; NaN where it has none, which counts as a member of the family.
        intervals: of each row, for its mean squares of seeds and prompts; a row without them has its own test alone.
    """
    return holm(np.maximum(np.asarray(p, dtype=np.float64), moderated_p(p, intervals)))


def moderated_p(p: Sequence[float], intervals: Sequence[Interval | None]) -> Array:
    """[h] the p-values with the seeds' mean squares moderated over all rows.

    Unchanged where a row has no standard error over seeds and prompts, or none but itself does.

    The statistic of a row is taken from its p-value and degrees of freedom, so that it is the row's own test (a t of a
    difference, a score test of a rate) with another standard error.
    """
    crossed = {
        place: (interval, interval.spread)
        for place, interval in enumerate(intervals)
        if interval is not None
        and isinstance(interval.spread, Spread)
        and math.isfinite(p[place] * interval.se * interval.df)
    }
    adjusted = np.array(p, dtype=np.float64)
    prior = seed_prior([spread for _, spread in crossed.values()])
    if prior is None:
        return adjusted
    for place, (interval, spread) in crossed.items():
        se, df = _moderated_error(spread, prior)
        statistic = float(stats.t.isf(p[place] / 2, interval.df)) * spread.error()[0] / se
        adjusted[place] = 2 * stats.t.sf(statistic, df)
    return adjusted


def seed_prior(spreads: Sequence[Spread]) -> SeedPrior | None:
    """The distribution of the seeds' mean squares over rows, fitted to the moments of their logarithms.

    Smyth 2004, section 6.2. None for fewer than two rows, and where no seed differs from another in any of them.
    """
    values = np.array([spread.seeds for spread in spreads])
    if len(values) < 2 or not (values > 0).any():
        return None
    df = np.array([spread.k - 1.0 for spread in spreads])
    logs = np.log(np.maximum(values, _SMALLEST * (np.median(values) or values.max())))
    centred = logs - special.digamma(df / 2) + np.log(df / 2)
    mean, beyond = float(centred.mean()), float(centred.var(ddof=1) - special.polygamma(1, df / 2).mean())
    if beyond <= special.polygamma(1, _MOST / 2):
        return SeedPrior(math.exp(mean), math.inf)
    root = optimize.root_scalar(lambda log: float(special.polygamma(1, math.exp(log))) - beyond, bracket=_RANGE)
    half = math.exp(root.root)
    return SeedPrior(math.exp(mean + special.digamma(half) - math.log(half)), 2 * half)


def _moderated_error(spread: Spread, prior: SeedPrior) -> tuple[float, float]:
    """Standard error of a row's mean with moderated seeds, and its degrees of freedom."""
    mean_square, df = prior.moderated(spread.seeds, spread.k - 1)
    return replace(spread, seeds=mean_square, seeds_df=df).error()
