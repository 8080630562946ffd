"""What a comparison could have seen: the minimum detectable difference, with an assurance and its uncertainty.

The difference that a t test finds with 80 % power depends on the true standard error, of which a table has an estimate.
With three seeds it is too small as often as too large, and its 5 to 95 % range is many-fold; with the estimate in the
place of the truth the difference is therefore found less often than said. What tables show is the *assured* difference:
with the upper 80 % confidence limit of the standard error in the place of the estimate (`Spread.upper` where seeds and
prompts are crossed, `ArmSpread.upper` for two independent arms, else from the chi-square distribution).

Share of tables whose printed difference has a power of 80 % or more, in simulated crossed data (docs/statistics.md):
assured .78 to .82 with 3 seeds, .80 to .83 with 5, .81 to .84 with 10 (mean power .85 to .91); as estimated .33 to .46
(mean power .62 to .79).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from scipy import optimize, stats

from benchbench.comparison.stats.intervals import Interval


@dataclass(frozen=True)
class Detectable:
    """The true difference that a two-sided t test finds with the given power; NaN where there is no standard error.

    Infinite where it is larger than any difference that the metric can have.
    """

    assured: float
    """With the upper confidence limit of the standard error: large enough with the confidence asked for."""
    estimate: float
    """With the standard error as estimated: as often too small as too large."""
    low: float
    """With the standard error's lower confidence limit of 95 %: 5 % of the range lies below."""
    high: float
    """With its upper limit of 95 %."""


UNKNOWN = Detectable(math.nan, math.nan, math.nan, math.nan)


def minimum_detectable_difference(
    interval: Interval,
    *,
    power: float = 0.8,
    confidence: float = 0.8,
    largest: float = math.inf,
    factor: float = 1.0,
) -> Detectable:
    """The true difference that the two-sided t test of an interval would find at its level, and how well it is known.

    Args:
        interval: of the difference; the level of the test is one less its level, before any correction for a family.
        power: chance of rejecting in the direction of the true difference, in (alpha, 1).
        confidence: chance that the assured difference is found with that power or more.
        largest: difference that the metric cannot exceed; 1 for a difference of rates.
        factor: standard error where the difference would be looked for, over that of the interval.

    Power is that of the noncentral t distribution; with a known sd of 1 and k = 2, 3, 5, 10 the difference is 11.55,
    3.26, 1.68, 1.00 (evaluation.md C5), which is `estimate` at se = 1 / sqrt(k). Where degrees of freedom are estimated
    as well (Welch's), the power at the estimate is lower than asked: .70 with 3 + 3 seeds, .78 with 5 + 5, .80 with
    10 + 10, and at a nineteenth of the level .50, .71, .79 (docs/statistics.md).
    """
    if math.isnan(interval.se) or math.isnan(interval.df):
        return UNKNOWN

    def at(se: float, df: float) -> float:
        difference = factor * se * _noncentrality(df, 1 - interval.level, power)
        return difference if difference <= largest else math.inf

    se, df = interval.se, interval.df
    return Detectable(
        assured=at(*_upper(interval, confidence)),
        estimate=at(se, df),
        low=at(_chi_square_limit(se, df, 0.05), df),
        high=at(*_upper(interval, 0.95)),
    )


def power_at(interval: Interval, difference: float) -> float:
    """Chance, in [0, 1], that the two-sided t test of an interval finds a true difference, in its direction.

    Args:
        interval: of the test; its standard error stands for the true one. Its level is one less that of the test.
        difference: the true one, of either sign.

    At the observed difference this is a function of the p-value alone (0.4 to 0.5 at p = 0.05): it says how often a
    repetition of the experiment would find what was found, if that were the truth, and is no evidence for it.
    NaN where there is no standard error.
    """
    if math.isnan(interval.se) or math.isnan(interval.df) or math.isnan(difference):
        return math.nan
    critical = float(stats.t.ppf((1 + interval.level) / 2, interval.df))
    return _found(critical, interval.df, abs(difference) / interval.se)


def beyond(largest: float) -> str:
    """What is said in the place of a difference that is larger than any that the metric can have."""
    return f">{largest:g}"


def _upper(interval: Interval, confidence: float) -> tuple[float, float]:
    """Standard error that is not exceeded with this confidence, and its degrees of freedom."""
    if interval.spread is None:
        return _chi_square_limit(interval.se, interval.df, confidence), interval.df
    se, df = interval.spread.upper(confidence)
    return interval.se * se / interval.spread.error()[0], df


def _chi_square_limit(se: float, df: float, confidence: float) -> float:
    return se * math.sqrt(df / float(stats.chi2.ppf(1 - confidence, df)))


def _found(critical: float, df: float, noncentrality: float) -> float:
    """Chance that a noncentral t exceeds the critical value."""
    return float(stats.nct.sf(critical, df, noncentrality))


@lru_cache(maxsize=1024)
def _noncentrality(df: float, alpha: float, power: float) -> float:
    critical = float(stats.t.ppf(1 - alpha / 2, df))

    def shortfall(noncentrality: float) -> float:
        return power - _found(critical, df, noncentrality)

    upper = critical + 1.0
    while shortfall(upper) > 0:
        upper *= 2
    return float(optimize.root_scalar(shortfall, bracket=(0.0, upper), method="brentq", xtol=1e-10).root)
