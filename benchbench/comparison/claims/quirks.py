"""The audit table: one claimed difference, with each quirk of the published protocol removed in turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from benchbench.comparison.pairs.table import Comparison

PUBLISHED = "as published"
"""Label of the first row, which the others are compared with."""


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """One candidate against the baseline under one metric and scoring, with one quirk removed."""

    removed: str
    """`as published`, "field = value", or `all quirks removed`."""
    candidate: str
    baseline: str
    metric: str
    scoring: str
    seeds: str
    """The seeds, separated by blanks."""
    baseline_mean: float
    candidate_mean: float
    difference: float
    """Mean over seeds of candidate minus baseline."""
    low: float
    high: float
    """95 % interval of the difference, not corrected for the number of rows."""
    p: float
    """Two-sided, uncorrected."""
    change: float
    """Difference minus the difference as published; NaN in that row."""
    n: int
    marks: str
    """What a reader must know of the row; every row but the first is an audit of another protocol."""


def audit_rows(compared: Sequence[tuple[str, Sequence[Comparison]]]) -> list[AuditRow]:
    """The table, by metric and scoring, candidate, and removal in the order given.

    Args:
        compared: (what was removed, its comparison); the first is `as published`.
    """
    first = {_key(row): row.difference for row in compared[0][1]}
    rows = [
        AuditRow(
            removed=removed,
            candidate=row.candidate,
            baseline=row.baseline,
            metric=row.metric,
            scoring=row.scoring,
            seeds=" ".join(map(str, row.seeds)),
            baseline_mean=fmean(row.baseline_values),
            candidate_mean=row.mean,
            difference=row.difference,
            low=row.low,
            high=row.high,
            p=row.p,
            change=math.nan if removed == PUBLISHED else row.difference - first.get(_key(row), math.nan),
            n=row.n,
            marks="; ".join([*([] if removed == PUBLISHED else ["audit: settings differ"]), *row.marks]),
        )
        for removed, comparison in compared
        for row in comparison
        if row.candidate != row.baseline
    ]
    order = {key: place for place, key in enumerate(dict.fromkeys((r.metric, r.scoring, r.candidate) for r in rows))}
    return sorted(rows, key=lambda row: order[row.metric, row.scoring, row.candidate])


def _key(row: Comparison) -> tuple[str, str, str]:
    return row.metric, row.scoring, row.candidate
