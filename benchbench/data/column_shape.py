"""The numbers beside a split's texts: which columns there are, and what stands in them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from benchbench.core.example import Column, Example
from benchbench.core.split_shape import ColumnShape, SplitShape

LABEL, SCORE = "label", "score"


def columns_of(example: Example) -> dict[str, Column]:
    """The example's columns, its ratings as `score`, its label as `label` (1 up, 0 down)."""
    columns: dict[str, Column] = dict(example.columns)
    if example.ratings is not None:
        columns.setdefault(SCORE, example.ratings)
    if example.label is not None:
        columns.setdefault(LABEL, float(example.label))
    return columns


def values_of(column: Column) -> tuple[float, ...]:
    """The column's numbers, however many."""
    return column if isinstance(column, tuple) else (column,)


def is_missing(column: Column) -> bool:
    """Whether one of its numbers is not there."""
    return any(math.isnan(value) for value in values_of(column))


def split_shape(examples: Sequence[Example], *, ordered: bool) -> SplitShape:
    """What every example of a split has."""
    columns = [columns_of(example) for example in examples]
    shared = set.intersection(*({*values} for values in columns)) if columns else set[str]()
    return SplitShape(
        len(examples),
        sorted({len(e.candidates) for e in examples}),
        {name: _column_shape([values[name] for values in columns]) for name in sorted(shared)},
        label_counts(examples),
        ordered,
        role_counts(examples),
        dict(Counter(name for e in examples for name, rows in sorted(e.spans.items()) if any(rows))),
    )


def role_counts(examples: Sequence[Example]) -> dict[str, int]:
    """Roles of the candidates, joined by ", " -> examples with these; empty where no example names any."""
    if all(example.roles is None for example in examples):
        return {}
    return dict(Counter(", ".join(example.known_roles) for example in examples))


def label_counts(examples: Sequence[Example]) -> dict[str, int]:
    """`true` and `false` -> examples with that label; empty where there are no labels."""
    labels = [example.label for example in examples if example.label is not None]
    return {"true": labels.count(True), "false": labels.count(False)} if labels else {}


def _column_shape(columns: Sequence[Column]) -> ColumnShape:
    numbers = [value for column in columns for value in values_of(column) if not math.isnan(value)]
    kinds = set(_kinds(columns))
    return ColumnShape(
        kinds.pop() if len(kinds) == 1 else "mixed",
        min(numbers, default=None),
        max(numbers, default=None),
        sum(is_missing(column) for column in columns),
    )


def _kinds(columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        yield "candidate" if isinstance(column, tuple) else "example"
