"""How many seeds would settle a difference: the power of the crossed t test at other numbers of seeds.

The mean squares of a comparison are taken apart into variances of seeds, of prompts and of what is left; more seeds
shrink the first and the last, and never the second, since all seeds share their prompts. Both the difference and the
variances are estimates, so with few seeds the number is a rough one.
"""

from __future__ import annotations

import math

from scipy import stats

from benchbench.comparison.stats.intervals import Interval, Spread

MOST = 1000
"""Numbers of seeds that are looked at."""


def seeds_needed(interval: Interval, *, power: float = 0.8, most: int = MOST) -> float:
    """Fewest seeds of each method with which the two-sided test finds a true difference of the observed size.

    Infinite where `most` seeds are too few, as where the prompts alone leave too much uncertain; NaN without a
    crossed standard error, as from one seed.

    Args:
        interval: of the difference; the level of the test is one less its level, before any correction for a family.
        power: chance of rejecting in the direction of the difference, in (alpha, 1).
        most: largest number that is looked at.
    """
    spread = interval.spread
    if not isinstance(spread, Spread) or math.isnan(interval.mean):
        return math.nan
    if not _finds(interval, spread, most, power):
        return math.inf
    low, high = 1, most  # power grows with the number of seeds
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _finds(interval, spread, middle, power) else (middle, high)
    return float(high)


def spread_at(spread: Spread, k: int) -> Spread:
    """The mean squares to be expected of k seeds with the variances that a spread shows.

    A variance that comes out negative is 0.
    """
    residual = spread.residual * spread.k * spread.n  # mean squares, no longer over the number of entries
    of_seeds = max(0.0, spread.seeds * spread.k * spread.n - residual) / spread.n
    of_prompts = max(0.0, spread.prompts * spread.k * spread.n - residual) / spread.k
    entries = k * spread.n
    return Spread(
        seeds=(residual + spread.n * of_seeds) / entries,
        prompts=(residual + k * of_prompts) / entries,
        residual=residual / entries,
        k=k,
        n=spread.n,
    )


def _finds(interval: Interval, spread: Spread, k: int, power: float) -> bool:
    se, df = spread_at(spread, k).error()
    critical = float(stats.t.isf((1 - interval.level) / 2, df))
    return bool(stats.nct.sf(critical, df, abs(interval.mean) / se) >= power)
