"""Numbers as a reader sees them: values, differences, intervals, p-values, detectable differences.

Every table, terminal or Markdown, writes its numbers with these functions. NaN is `n/a` everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from benchbench.comparison.stats.intervals import Interval
from benchbench.comparison.stats.power import beyond

NOT_AVAILABLE = "n/a"

Format = Callable[[float], str]
"""Makes a number the text that a table shows."""


_MOST_DECIMALS = 12
"""Of a bound that is hardly to be told from 0."""


def number(value: float, *, decimals: int = 4) -> str:
    """A number with a fixed number of decimals."""
    return NOT_AVAILABLE if math.isnan(value) else f"{value:.{decimals}f}"


def signed(value: float, *, decimals: int = 4) -> str:
    """The same with its sign, for differences."""
    return NOT_AVAILABLE if math.isnan(value) else f"{value:+.{decimals}f}"


def percentage(value: float) -> str:
    """A percentage as AlpacaEval's leaderboard shows it, with two decimals and without a sign of percent."""
    return number(value, decimals=2)


def quantity(value: float, unit: str, *, sign: str = "") -> str:
    """A value in its unit: fractions with four decimals, everything else with four significant digits.

    Args:
        value: of the metric, or a difference of it.
        unit: of the metric.
        sign: `+` shows the sign of positive values, too.
    """
    if math.isnan(value):
        return NOT_AVAILABLE
    return format(value, f"{sign}.4f" if unit == "fraction" else f"{sign}#.4g")


def bounded(value: float, low: float, high: float, text: Format = number) -> str:
    """A value with its interval, as in `0.5312 [0.4980, 0.5644]`; `n/a` without a value.

    Args:
        value: in the middle.
        low: lower bound; NaN where there is no interval.
        high: upper bound.
        text: writes each of the three.
    """
    if math.isnan(value):
        return NOT_AVAILABLE
    bounds = NOT_AVAILABLE if math.isnan(low) else f"{text(low)}, {text(high)}"
    return f"{text(value)} [{bounds}]"


def interval(estimate: Interval) -> str:
    """A mean with its interval."""
    return bounded(estimate.mean, estimate.low, estimate.high)


def rounded_interval(estimate: Interval) -> str:
    """A difference with its interval in any unit, as in `+0.0363 [-0.017, +0.090]` or `+4.13 [+1.2, +7.1]`.

    Bounds have as many decimals as two significant digits of the half-width need, and as tell them from 0; the mean has
    one more than they usually have. Without an interval the mean has four significant digits.
    """
    half = (estimate.high - estimate.low) / 2
    if math.isnan(estimate.mean):
        return NOT_AVAILABLE
    if not 0 < half < math.inf:
        return f"{estimate.mean:+.4g} [{NOT_AVAILABLE}]"
    usual = decimals = max(0, 1 - math.floor(math.log10(half)))
    bounds = (estimate.low, estimate.high)
    while decimals < _MOST_DECIMALS and any(bound and not round(bound, decimals) for bound in bounds):
        decimals += 1
    shown = ", ".join(signed(bound, decimals=decimals) for bound in bounds)
    return f"{signed(estimate.mean, decimals=max(usual + 1, decimals))} [{shown}]"


def short_p(value: float) -> str:
    """A p-value within a sentence, with two significant digits; those below 0.0001 are shown as that."""
    if math.isnan(value):
        return NOT_AVAILABLE
    return "<0.0001" if value < 0.0001 else f"{value:#.2g}"


def p_value(value: float) -> str:
    """A p-value; those below 0.0001 are shown as that."""
    if math.isnan(value):
        return NOT_AVAILABLE
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"


def detectable(value: float, text: str, largest: float) -> str:
    """A minimum detectable difference in its text, or that none is up to the largest that the metric can have."""
    return beyond(largest) if math.isinf(value) else text
