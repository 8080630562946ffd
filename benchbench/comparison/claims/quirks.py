"""The audit table: one claimed difference, with each quirk of the published protocol removed in turn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

import pandas as pd

from benchbench.comparison.pairs.table import Comparison

PUBLISHED = "as published"
"""Label of the first row, which the others are held against."""


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


def audit_frame(rows: Sequence[AuditRow]) -> pd.DataFrame:
    """The table with every column."""
    return pd.DataFrame([asdict(row) for row in rows])


def shown(rows: Sequence[AuditRow], metric: str, scoring: str) -> list[dict[str, str]]:
    """The rows of one metric under one scoring, for a reader."""
    return [
        {
            "removed": row.removed,
            row.baseline: f"{row.baseline_mean:.4f}",
            row.candidate: f"{row.candidate_mean:.4f}",
            "difference [95%]": f"{row.difference:+.4f} [{_signed(row.low)}, {_signed(row.high)}]",
            "change": _signed(row.change),
            "marks": row.marks or "-",
        }
        for row in rows
        if (row.metric, row.scoring) == (metric, scoring)
    ]


def markdown(rows: Sequence[dict[str, str]]) -> str:
    """Rows with the same keys as a GitHub table."""
    lines = [list(rows[0]), [":---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _key(row: Comparison) -> tuple[str, str, str]:
    return row.metric, row.scoring, row.candidate


def _signed(value: float) -> str:
    return "n/a" if math.isnan(value) else f"{value:+.4f}"
