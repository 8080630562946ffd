"""Which reported differences hold, and what so many seeds could have seen; from means, spreads and numbers of seeds.

A table shows neither which runs share a seed nor the scores of single prompts: its rows are independent arms, compared
by Welch's t over seeds (evaluation.md C4), unless values by seed were reported, which are paired. Prompts are taken as
fixed. All differences that are read together are one family, corrected by Holm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

import numpy as np

from benchbench.comparison.claims.replication import Runs, difference_interval
from benchbench.comparison.stats.intervals import Interval, t_interval, undefined_interval
from benchbench.comparison.stats.power import Detectable, minimum_detectable_difference, power_at
from benchbench.comparison.stats.significance import holm

ALPHA = 0.05
"""Level of every test; of the family, too."""


class Standing(Enum):
    """What a reported difference is worth."""

    HOLDS = "holds"
    """p below 0.05 after Holm over the family."""
    ALONE = "holds by itself alone"
    """p below 0.05 by a test of its own, and not after Holm."""
    UNSETTLED = "not settled"
    """Neither: the difference may be there or not."""
    NO_INTERVAL = "no interval"
    """A spread over seeds is unknown."""


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """One reported mean less that of its baseline."""

    candidate: str
    baseline: str
    metric: str
    """Empty where the table has one metric without a name."""
    seeds: tuple[int, int]
    """Number of the candidate's seeds and of the baseline's, each at least 1."""
    interval: Interval
    """Of the difference at 95 %, without bounds where a spread is unknown."""
    paired: bool = False
    """The values of equal seeds were compared with each other."""
    notes: tuple[str, ...] = ()
    """What a reader must know of either side."""


@dataclass(frozen=True, kw_only=True)
class Reread:
    """A contrast as a member of its family."""

    contrast: Contrast
    p_holm: float
    """Corrected over the family; NaN without a test."""
    family: int
    """Number of differences read together; those without an interval count."""

    @property
    def standing(self) -> Standing:
        """Whether the difference holds."""
        if math.isnan(self.contrast.interval.p):
            return Standing.NO_INTERVAL
        if self.p_holm < ALPHA:
            return Standing.HOLDS
        return Standing.ALONE if self.contrast.interval.p < ALPHA else Standing.UNSETTLED

    @cached_property
    def alone(self) -> Detectable:
        """True difference that a test of its own finds with 80 % power."""
        return minimum_detectable_difference(self.contrast.interval)

    @cached_property
    def corrected(self) -> Detectable:
        """The same at Holm's strictest step, 0.05 over the size of the family."""
        strict = replace(self.contrast.interval, level=1 - ALPHA / self.family)
        return minimum_detectable_difference(strict)

    @cached_property
    def power(self) -> float:
        """Chance that a test of its own finds a true difference of the reported size, the spreads being as reported."""
        return power_at(self.contrast.interval, self.contrast.interval.mean)


def independent(candidate: Runs, baseline: Runs) -> Interval:
    """Candidate less baseline by Welch's t over seeds, whose numbers may differ; no bounds where a spread is unknown.

    The spread of one seed is unknown, and so is one of zero: copies of one run, or rounding, look like it.
    """
    return difference_interval(baseline, candidate)


def by_seed(differences: Runs) -> Interval:
    """The paired t interval of differences that were taken seed by seed."""
    if math.isnan(differences.variance):
        note = "a spread is unknown, no interval"
        return undefined_interval(differences.mean, level=1 - ALPHA, note=note)
    se = math.sqrt(differences.variance)
    return t_interval(differences.mean, se, differences.k - 1, level=1 - ALPHA, method="paired t over seeds")


def without_spread(runs: Runs, *, spread: float = math.nan) -> str:
    """Why nothing is known of a spread over seeds; empty where it is known.

    Args:
        runs: of one side.
        spread: what the report gives as one, in any unit; NaN where it gives none.
    """
    if runs.k == 1:
        extra = "" if math.isnan(spread) else ", so the reported spread is not one over seeds and is not used"
        return f"one seed{extra}"
    if not math.isnan(runs.spread):
        return ""
    if math.isnan(runs.sd):
        return "no spread reported"
    return "a spread of 0, which is an unknown one: copies of one run, or rounding, look like it"


def read_together(contrasts: Sequence[Contrast]) -> list[Reread]:
    """The contrasts as one family, in their order."""
    adjusted = holm(np.array([contrast.interval.p for contrast in contrasts], dtype=np.float64))
    return [
        Reread(contrast=contrast, p_holm=float(p), family=len(contrasts))
        for contrast, p in zip(contrasts, adjusted, strict=True)
    ]


def median_row(rows: Sequence[Reread]) -> Reread | None:
    """The row whose standard error is the median, the larger of two middle ones; none where no row has one.

    Both differences that are said of a table, uncorrected and corrected, so belong to one pair of spreads in it.
    """
    known = [row for row in rows if not math.isnan(row.contrast.interval.se)]
    ordered = sorted(known, key=lambda row: row.contrast.interval.se)
    return ordered[len(ordered) // 2] if ordered else None
