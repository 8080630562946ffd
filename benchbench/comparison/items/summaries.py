"""Models compared by means alone, from files that have no items: independent samples, so wider than they need to be.

Both means are over the same items, and what is hard for one model is mostly hard for the other, so the difference is
better known than two independent means would make it. Without items nobody can say by how much; the interval is Welch's
(1938) of two independent means with their standard errors, and its row says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.comparison.items.compare import ONE_RUN
from benchbench.comparison.pairs.table import RATE, Comparison
from benchbench.comparison.stats.bounded import within
from benchbench.comparison.stats.intervals import ArmSpread, Interval, t_interval, undefined_interval
from benchbench.comparison.stats.power import minimum_detectable_difference
from benchbench.core.errors import BenchError, Fault
from benchbench.core.imported import GroupSummary

UNPAIRED = "Welch, unpaired: the files have no items, so the interval is too wide where models agree on them"


@dataclass(frozen=True)
class SummarisedRow:
    """One row of a table of means."""

    label: str
    summary: GroupSummary


def compare_summaries(rows: Sequence[SummarisedRow], *, baseline: str, level: float = 0.95) -> list[Comparison]:
    """One metric of one group: a row per label, the baseline first, uncorrected for any family.

    Args:
        rows: of one group and one metric, the baseline among them.
        baseline: label of the baseline.
        level: coverage of the intervals, in (0, 1).

    Raises:
        BenchError: rows over other numbers of items than the baseline's.
    """
    first = next(row for row in rows if row.label == baseline)
    others = [row for row in rows if row is not first]
    faults = [
        Fault(
            f"{row.label}, {row.summary.group}",
            f"expected a mean over {first.summary.n} items as {baseline} has it, found one over {row.summary.n}; "
            "means over other items are not compared: name the models to compare, without it",
        )
        for row in others
        if row.summary.n != first.summary.n
    ]
    if faults:
        raise BenchError.of_faults("comparison", faults)
    return [_row(row, first, level) for row in (first, *others)]


def _row(row: SummarisedRow, first: SummarisedRow, level: float) -> Comparison:
    summary, interval = row.summary, _interval(row, first, level)
    detectable = minimum_detectable_difference(interval, largest=1.0 if summary.unit == RATE else math.inf)
    difference = math.nan if row is first else summary.value - first.summary.value
    return Comparison(
        metric=summary.metric,
        scoring=summary.group,
        candidate=row.label,
        baseline=first.label,
        seeds=(1,),
        values=(summary.value,),
        baseline_values=(first.summary.value,),
        differences=(difference,),
        mean=summary.value,
        difference=interval.mean,
        low=interval.low,
        high=interval.high,
        level=level,
        interval_method=interval.method,
        p=interval.p,
        p_holm=math.nan,
        minimum_detectable_difference=detectable.assured,
        mdd_estimate=detectable.estimate,
        mdd_low=detectable.low,
        mdd_high=detectable.high,
        n=summary.n,
        prompts=summary.n,
        unit=summary.unit,
        direction=summary.direction,
        note=interval.note,
        runs=1,
    )


def _interval(row: SummarisedRow, first: SummarisedRow, level: float) -> Interval:
    if row is first:
        return undefined_interval(math.nan, level=level, note="baseline")
    sides = [row.summary, first.summary]
    difference = row.summary.value - first.summary.value
    unknown = [side.note or "no standard error" for side in sides if not side.se > 0 or side.n < 2]
    if unknown:
        return undefined_interval(difference, level=level, note="; ".join(dict.fromkeys(unknown)))
    spread = ArmSpread(sides[0].se ** 2, sides[1].se ** 2, sides[0].n - 1, sides[1].n - 1)
    interval = t_interval(difference, *spread.error(), level=level, method=UNPAIRED, note=ONE_RUN)
    return within(interval, -1.0, 1.0) if row.summary.unit == RATE else interval
