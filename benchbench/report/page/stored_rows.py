"""The rows of a stored comparison, as they were compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from benchbench.comparison.pairs.decision import Decision
from benchbench.comparison.pairs.table import Comparison
from benchbench.store.comparison_folders import StoredComparison

_IN_ANOTHER_FORM = frozenset({"seeds", "values", "baseline_values", "differences", "marks", "decision", "interval"})
"""Fields of a row that a line of `comparisons.csv` holds in another form, or not at all."""
_PLAIN = tuple(field.name for field in fields(Comparison) if field.name not in _IN_ANOTHER_FORM)
_OF_A_DECISION = tuple(field.name for field in fields(Decision) if field.name != "checkpoint_p")


def stored_rows(comparison: StoredComparison) -> list[Comparison]:
    """Every row, those of one metric and scoring together: the baseline first, then as the labels are ordered."""
    labels = [comparison.about["baseline"], *comparison.about["labels"]]
    rows = [_row(line) for line in comparison.frame("comparisons").to_dict("records")]
    tables = list(dict.fromkeys((row.metric, row.scoring) for row in rows))
    return sorted(rows, key=lambda row: (tables.index((row.metric, row.scoring)), labels.index(row.candidate)))


def headline_rows(comparison: StoredComparison) -> list[Comparison]:
    """The rows of the headline's metric and scoring."""
    headline = tuple(comparison.about["headline"])
    return [row for row in stored_rows(comparison) if (row.metric, row.scoring) == headline]


def _row(line: Mapping[Any, Any]) -> Comparison:
    values, baseline_values = _numbers(line["values"]), _numbers(line["baseline_values"])
    pairs = zip(values, baseline_values, strict=True)
    is_baseline = line["candidate"] == line["baseline"]
    return Comparison(
        **{name: line[name] for name in _PLAIN},
        seeds=tuple(int(seed) for seed in str(line["seeds"]).split()),
        values=values,
        baseline_values=baseline_values,
        differences=tuple(float("nan") if is_baseline else value - of_baseline for value, of_baseline in pairs),
        marks=tuple(mark for mark in str(line["marks"]).split("; ") if mark),
        decision=Decision(**{name: line[name] for name in _OF_A_DECISION}, checkpoint_p=_numbers(line["checkpoint_p"])),
    )


def _numbers(value: object) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else tuple(float(word) for word in str(value).split())
