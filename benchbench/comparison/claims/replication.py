"""Reported runs against our own: the difference of two independent sets of runs and its prediction interval.

For claims of which only mean, spread and number of runs are known (evaluation.md C7); runs whose scores
are at hand are compared in pairs instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from scipy import stats

from benchbench.comparison.stats.intervals import ArmSpread, Interval, t_interval, undefined_interval


@dataclass(frozen=True)
class Runs:
    """A set of runs as a paper reports it."""

    mean: float
    sd: float
    """Sample standard deviation over runs, ddof 1; NaN where unknown or for a single run."""
    k: int
    """Number of runs, at least 1."""

    @property
    def even(self) -> bool:
        """Whether several runs are said to be equal, as copies of one run are, or numbers that were rounded."""
        return self.k > 1 and self.sd <= _NO_SPREAD * max(abs(self.mean), _SMALLEST)

    @property
    def spread(self) -> float:
        """Standard deviation; NaN where it is unknown, which a spread of zero is as well."""
        return self.sd if self.k > 1 and not self.even else math.nan

    @property
    def variance(self) -> float:
        """Variance of the mean; NaN where the spread is unknown."""
        return self.spread**2 / self.k


_NO_SPREAD = 1e-12
"""Of the mean: a standard deviation below it is one of rounding."""
_SMALLEST = 1e-3
"""Mean below which a standard deviation is compared with this number instead."""


def difference_interval(reported: Runs, rerun: Runs, *, level: float = 0.95) -> Interval:
    """D = rerun - reported with its Welch-Satterthwaite t interval, on identical test items.

    Judge noise and different test items would add terms to SE^2 (evaluation.md C7, step 2); neither is
    in here.
    """
    difference = rerun.mean - reported.mean
    if math.isnan(reported.variance) or math.isnan(rerun.variance):
        return undefined_interval(difference, level=level, note="a spread is unknown, no interval")
    spread = ArmSpread(reported.variance, rerun.variance, reported.k - 1, rerun.k - 1)
    se, df = spread.error()
    return replace(t_interval(difference, se, df, level=level, method="Welch t over runs"), spread=spread)


def prediction_half_width(sd: float, k: int, m: int, *, level: float = 0.95) -> float:
    """Half-width of the prediction interval for the mean of m new runs around the mean of k runs.

    t_{k-1} sd sqrt(1/k + 1/m) (Spence & Stanley 2016); NaN for k = 1 and for a spread of zero, which is unknown.
    """
    if k < 2 or not sd > 0:
        return math.nan
    return float(stats.t.ppf((1 + level) / 2, k - 1)) * sd * math.sqrt(1 / k + 1 / m)


def borrowed_half_width(sd: float, k: int, m: int, *, level: float = 0.95) -> float:
    """Half-width of the prediction interval where only our m runs have a spread, taken for the report's k as well.

    t_{m-1} sd sqrt(1/k + 1/m); for a report of one run 4.97, 3.04 and 2.37 sd at m = 3, 5, 10 (evaluation.md C7). NaN
    for a spread of zero, which is unknown.
    """
    if m < 2 or not sd > 0:
        return math.nan
    return float(stats.t.ppf((1 + level) / 2, m - 1)) * sd * math.sqrt(1 / k + 1 / m)


def borrowed_interval(reported: Runs, rerun: Runs, *, level: float = 0.95) -> Interval:
    """D = rerun - reported, the report's spread taken to be ours."""
    difference = rerun.mean - reported.mean
    se = rerun.spread * math.sqrt(1 / reported.k + 1 / rerun.k)
    if not se > 0:
        return undefined_interval(difference, level=level, note="a spread is unknown, no interval")
    return t_interval(difference, se, rerun.k - 1, level=level, method="t over our runs")


def prediction_p(reported: Runs, rerun: Runs) -> float:
    """Two-sided p-value of our mean under the prediction interval, from the report's spread or, without one, ours."""
    borrowed = math.isnan(reported.spread)
    sd, df = (rerun.spread, rerun.k - 1) if borrowed else (reported.spread, reported.k - 1)
    if math.isnan(sd):
        return math.nan
    return float(2 * stats.t.sf(abs(rerun.mean - reported.mean) / (sd * math.sqrt(1 / reported.k + 1 / rerun.k)), df))


def runs_to_decide(reported: Runs, rerun: Runs, *, tolerance: float, most: int = 200) -> int | None:
    """Runs of ours that would end an undecided verdict if mean and spread stayed as they are.

    The 90% interval then lies inside the tolerance, or the 95% interval excludes 0 where the difference is larger than
    the tolerance. None where the report's own spread forbids it, or more than `most` would be needed.
    """
    distance = abs(rerun.mean - reported.mean)
    level, room = (0.90, tolerance - distance) if distance < tolerance else (0.95, distance)
    for m in range(rerun.k + 1, most + 1):
        interval = difference_interval(reported, Runs(rerun.mean, rerun.sd, m), level=level)
        if interval.high - interval.mean < room:
            return m
    return None
