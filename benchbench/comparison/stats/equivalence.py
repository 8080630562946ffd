"""Equivalence: whether a difference was shown to be small, which is more than not being shown to be there.

Two one-sided tests at 5 % (Schuirmann 1987): equivalent within a margin if and only if the 90 % interval lies inside
(-margin, margin). "No difference" may be said only after this test, and the margin is fixed before the numbers are
seen. Three seeds can show it only for margins of about three standard deviations of a seed.
"""

from __future__ import annotations

import math

from scipy import stats

from benchbench.comparison.stats.intervals import Interval

ALPHA = 0.05
"""Level of each of the two tests."""


def equivalence_p(interval: Interval, margin: float) -> float:
    """The larger p-value of the two one-sided tests that the true difference lies outside (-margin, margin).

    Args:
        interval: of the difference; its mean, standard error and degrees of freedom are read.
        margin: largest difference that is no difference, > 0; NaN gives NaN, as does an interval without an error.

    Raises:
        ValueError: a margin that is not positive.
    """
    if margin <= 0:
        raise ValueError(f"margin: expected a number above 0, got {margin}")
    if math.isnan(margin) or math.isnan(interval.se) or math.isnan(interval.df):
        return math.nan
    return float(stats.t.sf((margin - abs(interval.mean)) / interval.se, interval.df))


def equivalent_within(interval: Interval, *, alpha: float = ALPHA) -> float:
    """The smallest margin for which two one-sided tests at `alpha` find equivalence; NaN without a standard error."""
    if math.isnan(interval.se) or math.isnan(interval.df):
        return math.nan
    return abs(interval.mean) + float(stats.t.ppf(1 - alpha, interval.df)) * interval.se
