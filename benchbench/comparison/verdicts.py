"""Was the reported number reproduced? The procedure of evaluation.md C7, with its tolerance fixed beforehand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from benchbench.comparison.intervals import Interval
from benchbench.comparison.power import minimum_detectable_difference
from benchbench.comparison.replication import Runs, difference_interval, prediction_half_width


class Outcome(Enum):
    """What may be said of a claim; the first that holds, in this order."""

    NOT_RUN = "not run"
    NOT_COMPARABLE = "not comparable"
    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    UNCLEAR = "different, size unclear"
    OUTSIDE = "outside the prediction interval"
    UNDERPOWERED = "compatible but underpowered"


@dataclass(frozen=True)
class Verdict:
    """One claim, judged."""

    outcome: Outcome
    detail: str
    """What the outcome rests on, or why there is none."""
    reported: Runs | None = None
    found: Runs | None = None
    difference: Interval | None = None
    """Found minus reported, at 95%."""
    prediction: tuple[float, float] = (math.nan, math.nan)
    """Where the mean of our runs was to be expected, from the report's own spread."""
    needed: float = math.nan
    """Minimum detectable difference."""
    decisive: bool = False
    """The interval lies wholly outside the tolerance."""


def not_run(detail: str) -> Verdict:
    """Nothing was run, so nothing is said."""
    return Verdict(Outcome.NOT_RUN, detail)


def not_comparable(detail: str) -> Verdict:
    """What was run is not what was reported, and this is where it differs."""
    return Verdict(Outcome.NOT_COMPARABLE, detail)


def judge(reported: Runs, found: Runs, *, tolerance: float | None) -> Verdict:
    """Judge one claim on identical test items.

    Args:
        reported: the report's runs.
        found: ours.
        tolerance: difference that does not matter; none leaves the prediction interval as the only statement.
    """
    half = prediction_half_width(reported.sd, reported.k, found.k)
    bounds = (reported.mean - half, reported.mean + half)
    wide = difference_interval(reported, found, level=0.95)
    narrow = difference_interval(reported, found, level=0.90)
    needed = minimum_detectable_difference(wide.se, wide.df)
    outcome, detail, decisive = _outcome(wide, narrow, bounds, found, tolerance)
    return Verdict(outcome, detail, reported, found, wide, bounds, needed, decisive)


def _outcome(
    wide: Interval, narrow: Interval, bounds: tuple[float, float], found: Runs, tolerance: float | None
) -> tuple[Outcome, str, bool]:
    outside = not math.isnan(bounds[0]) and not bounds[0] <= found.mean <= bounds[1]
    if tolerance is None or math.isnan(wide.low):
        return _by_prediction(wide, bounds, outside, tolerance)
    excludes_zero = wide.low > 0 or wide.high < 0
    if -tolerance < narrow.low and narrow.high < tolerance:
        note = "; detectably different all the same" if excludes_zero else ""
        return Outcome.REPRODUCED, f"90% interval inside the tolerance of {tolerance:g}{note}", False
    if excludes_zero and abs(wide.mean) > tolerance:
        decisive = wide.low > tolerance or wide.high < -tolerance
        return Outcome.NOT_REPRODUCED, "decisively" if decisive else "95% interval excludes 0", decisive
    if excludes_zero:
        return Outcome.UNCLEAR, f"95% interval excludes 0, 90% interval leaves the tolerance of {tolerance:g}", False
    return Outcome.UNDERPOWERED, f"neither equal within {tolerance:g} nor different can be shown", False


def _by_prediction(
    wide: Interval, bounds: tuple[float, float], outside: bool, tolerance: float | None
) -> tuple[Outcome, str, bool]:
    why = "no tolerance" if tolerance is None else wide.note or "no spread"
    if outside:
        return Outcome.OUTSIDE, f"{why}; prediction interval {bounds[0]:.4f} to {bounds[1]:.4f}", False
    if math.isnan(bounds[0]):
        return Outcome.UNDERPOWERED, f"{why}, and the report has no spread: no interval can be given", False
    return Outcome.UNDERPOWERED, f"{why}; inside the prediction interval {bounds[0]:.4f} to {bounds[1]:.4f}", False
