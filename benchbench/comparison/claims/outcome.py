"""Was the reported number reproduced? The procedure of evaluation.md C7, with its tolerance fixed beforehand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from benchbench.comparison.claims.replication import (
    Runs,
    borrowed_half_width,
    borrowed_interval,
    difference_interval,
    prediction_half_width,
    prediction_p,
    runs_to_decide,
)
from benchbench.comparison.stats.bounded import within
from benchbench.comparison.stats.intervals import Interval
from benchbench.comparison.stats.power import beyond, minimum_detectable_difference
from benchbench.comparison.stats.significance import holm

LEAST_WITHOUT_SPREAD = 5
"""Runs of ours from which a report without a spread can be judged by its tolerance (evaluation.md C7)."""


class ClaimOutcome(Enum):
    """What may be said of a claim; the first that holds, in this order."""

    NOT_RUN = "not run"
    NOT_COMPARABLE = "not comparable"
    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    UNCLEAR = "different, size unclear"
    OUTSIDE = "outside the prediction interval"
    UNDERPOWERED = "compatible but underpowered"


@dataclass(frozen=True)
class ClaimVerdict:
    """One claim, judged."""

    outcome: ClaimOutcome
    detail: str
    """What the outcome rests on, or why there is none."""
    reported: Runs | None = None
    found: Runs | None = None
    difference: Interval | None = None
    """Found minus reported, at 95%."""
    prediction: tuple[float, float] = (math.nan, math.nan)
    """Where the mean of our runs was to be expected, from the report's own spread."""
    needed: float = math.nan
    """Minimum detectable difference, found with 80 % power with a confidence of 80 %; infinite beyond the range."""
    decisive: bool = False
    """The interval lies wholly outside the tolerance; or the value outside the prediction interval at 99%, too."""
    differs_in: tuple[str, ...] = ()
    """What is known to differ, in a word each."""
    p: float = math.nan
    """Of the test that the outcome rests on, uncorrected; NaN where a spread is unknown."""

    @property
    def words(self) -> str:
        """The outcome, with what is known to differ."""
        return ": ".join([self.outcome.value, *([", ".join(self.differs_in)] if self.differs_in else [])])

    @property
    def is_judged(self) -> bool:
        """Whether numbers were compared."""
        return self.outcome not in (ClaimOutcome.NOT_RUN, ClaimOutcome.NOT_COMPARABLE)

    @property
    def fails(self) -> bool:
        """Whether the claim fails by itself, at the level of a single claim."""
        outside = self.outcome is ClaimOutcome.OUTSIDE and self.decisive
        return self.outcome is ClaimOutcome.NOT_REPRODUCED or outside


FAMILY_LEVEL = 0.05
"""Chance that a gate over claims that are all true fails, however many there are."""


@dataclass(frozen=True)
class Gate:
    """One claim as a member of the family of all that were judged together."""

    p_holm: float
    """Corrected over the family; NaN where nothing was tested."""
    fails: bool
    """The claim fails by itself, and after the correction as well."""


def gates(verdicts: Sequence[ClaimVerdict]) -> list[Gate]:
    """The gate of each claim, corrected by Holm over all claims that were judged (evaluation.md C7, step 3).

    A verdict says at 95 % what it says of its claim alone; twelve true claims so fail one in nine times. A claim that
    was judged without a test, since a spread is unknown, counts in the family; one that was not run does not.
    """
    family = [place for place, verdict in enumerate(verdicts) if verdict.is_judged]
    adjusted = holm(np.array([verdicts[place].p for place in family], dtype=np.float64))
    members = [Gate(math.nan, False)] * len(verdicts)
    for place, p in zip(family, adjusted, strict=True):
        members[place] = Gate(float(p), verdicts[place].fails and bool(p <= FAMILY_LEVEL))
    return members


def not_run(detail: str) -> ClaimVerdict:
    """The verdict where nothing was run."""
    return ClaimVerdict(ClaimOutcome.NOT_RUN, detail)


def not_comparable(detail: str, differs_in: tuple[str, ...] = ()) -> ClaimVerdict:
    """The verdict on a run that differs from what was reported, with the differences."""
    return ClaimVerdict(ClaimOutcome.NOT_COMPARABLE, detail, differs_in=differs_in)


def judge(
    reported: Runs, rerun: Runs, *, tolerance: float | None, limits: tuple[float, float] = (-math.inf, math.inf)
) -> ClaimVerdict:
    """Judge one claim on identical test items.

    A report of one run has no spread of its own; then ours stands for both, and fewer than five runs of ours never
    say more than compatible. Runs that are all equal have no known spread either: nothing is decided by it.

    Args:
        reported: the report's runs.
        rerun: our runs.
        tolerance: difference that does not matter; none leaves the prediction interval as the only statement.
        limits: least and largest value that the number can have; no interval leaves them.
    """
    borrowed = math.isnan(reported.spread) and not math.isnan(rerun.spread)

    def half_at(level: float) -> float:
        if borrowed:
            return borrowed_half_width(rerun.spread, reported.k, rerun.k, level=level)
        return prediction_half_width(reported.spread, reported.k, rerun.k, level=level)

    if borrowed:
        wide, narrow = (borrowed_interval(reported, rerun, level=level) for level in (0.95, 0.90))
    else:
        wide, narrow = (difference_interval(reported, rerun, level=level) for level in (0.95, 0.90))
    least, most = limits
    wide, narrow = (within(interval, least - most, most - least) for interval in (wide, narrow))
    half = half_at(0.95)
    bounds = (half, half) if math.isnan(half) else (max(reported.mean - half, least), min(reported.mean + half, most))
    decides = None if borrowed and rerun.k < LEAST_WITHOUT_SPREAD else tolerance
    outcome, detail, decisive = _outcome(wide, narrow, bounds, rerun, decides)
    if outcome is ClaimOutcome.OUTSIDE and abs(rerun.mean - reported.mean) > half_at(0.99):
        decisive, detail = True, f"{detail}; decisively, outside that at 99% too"
    if borrowed:
        detail += "; the report has no spread, its variance is assumed equal to ours"
    even = [name for name, runs in (("reported", reported), ("found", rerun)) if runs.even]
    if even:
        detail += f"; all runs {' and '.join(even)} are equal, so their spread is unknown and not zero"
    needed = minimum_detectable_difference(wide, largest=most - least).assured
    if outcome is ClaimOutcome.UNDERPOWERED and not math.isnan(needed):
        size = beyond(most - least) if math.isinf(needed) else f"{needed:.4g}"
        detail += f"; minimum detectable difference {size} (80% power with 80% confidence)"
        if decides is not None and not borrowed:
            detail += "; " + _more_runs(reported, rerun, decides)
    by_tolerance = decides is not None and not math.isnan(wide.low)
    p = wide.p if by_tolerance else prediction_p(reported, rerun)
    return ClaimVerdict(outcome, detail, reported, rerun, wide, bounds, needed, decisive, p=p)


def _more_runs(reported: Runs, rerun: Runs, tolerance: float) -> str:
    m = runs_to_decide(reported, rerun, tolerance=tolerance)
    if m is None:
        return f"no number of runs on our side would decide against the report's {reported.k}"
    return f"about {m} runs of ours would decide"


def _outcome(
    wide: Interval, narrow: Interval, bounds: tuple[float, float], rerun: Runs, tolerance: float | None
) -> tuple[ClaimOutcome, str, bool]:
    outside = not math.isnan(bounds[0]) and not bounds[0] <= rerun.mean <= bounds[1]
    if tolerance is None or math.isnan(wide.low):
        return _by_prediction(wide, bounds, outside, tolerance)
    excludes_zero = wide.low > 0 or wide.high < 0
    if -tolerance < narrow.low and narrow.high < tolerance:
        note = "; detectably different all the same" if excludes_zero else ""
        return ClaimOutcome.REPRODUCED, f"90% interval inside the tolerance of {tolerance:g}{note}", False
    if excludes_zero and abs(wide.mean) > tolerance:
        decisive = wide.low > tolerance or wide.high < -tolerance
        return ClaimOutcome.NOT_REPRODUCED, "decisively" if decisive else "95% interval excludes 0", decisive
    if excludes_zero:
        return (
            ClaimOutcome.UNCLEAR,
            f"95% interval excludes 0, 90% interval leaves the tolerance of {tolerance:g}",
            False,
        )
    return ClaimOutcome.UNDERPOWERED, f"neither equal within {tolerance:g} nor different can be shown", False


def _by_prediction(
    wide: Interval, bounds: tuple[float, float], outside: bool, tolerance: float | None
) -> tuple[ClaimOutcome, str, bool]:
    why = wide.note if math.isnan(wide.low) else "no tolerance that applies" if tolerance is None else ""
    if math.isnan(bounds[0]):
        return ClaimOutcome.UNDERPOWERED, f"{why or 'no spread'}: no interval can be given", False
    where = f"prediction interval {bounds[0]:.4f} to {bounds[1]:.4f}"
    if outside:
        return ClaimOutcome.OUTSIDE, f"{why}; {where}", False
    return ClaimOutcome.UNDERPOWERED, f"{why}; inside the {where}", False
