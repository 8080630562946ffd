"""The audit of a published comparison as tidy rows and as rows for a reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd

from benchbench.comparison.claims.quirks import AuditRow
from benchbench.report import numbers


def audit_frame(rows: Sequence[AuditRow]) -> pd.DataFrame:
    """The table with every column."""
    return pd.DataFrame([asdict(row) for row in rows])


def shown_audit(rows: Sequence[AuditRow], metric: str, scoring: str) -> list[dict[str, str]]:
    """The rows of one metric under one scoring, for a reader."""
    return [
        {
            "removed": row.removed,
            row.baseline: numbers.number(row.baseline_mean),
            row.candidate: numbers.number(row.candidate_mean),
            "difference [95%]": numbers.bounded(row.difference, row.low, row.high, numbers.signed),
            "change": numbers.signed(row.change),
            "marks": row.marks or "-",
        }
        for row in rows
        if (row.metric, row.scoring) == (metric, scoring)
    ]
