"""What a comparison could have seen: the minimum detectable difference."""

from __future__ import annotations

import math

from scipy import optimize, stats


def minimum_detectable_difference(se: float, df: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The true difference that a two-sided t test would find with the given power.

    Args:
        se: standard error of the difference; sd / sqrt(k) for k paired seeds.
        df: degrees of freedom of the test; k - 1 for k paired seeds.
        alpha: level of the test, before any correction for a family.
        power: chance of rejecting in the direction of the true difference, in (alpha, 1).

    From the noncentral t distribution, with the observed standard error in the place of the true one;
    NaN where there is none. With sd = 1 and k = 2, 3, 5, 10 it is 11.55, 3.26, 1.68, 1.00 (evaluation.md C5).
    """
    if math.isnan(se) or math.isnan(df):
        return math.nan
    critical = float(stats.t.ppf(1 - alpha / 2, df))

    def shortfall(noncentrality: float) -> float:
        return power - float(stats.nct.sf(critical, df, noncentrality))

    upper = critical + 1.0
    while shortfall(upper) > 0:
        upper *= 2
    return se * float(optimize.root_scalar(shortfall, bracket=(0.0, upper), method="brentq", xtol=1e-10).root)
