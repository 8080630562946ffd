"""A comparison for the reader: one metric under one scoring as a terminal table or as GitHub markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from benchbench.comparison.pairs.table import Comparison
from benchbench.report import markdown, numbers
from benchbench.report.layout import TableLayout
from benchbench.report.status import status_notes

_LEGEND = "minimum detectable difference: found with 80 % power, with 80 % confidence, before any correction"
_WAYS = {"higher": "higher is better", "lower": "lower is better", "none": "neither direction is better"}


def narrow_layout(comparisons: Sequence[Comparison], metric: str, scoring: str) -> TableLayout:
    """What a terminal shows: a row per label, all seeds in one column, mean, difference with interval, and more.

    Raises:
        LookupError: no comparison is of this metric and scoring.
    """
    return _layout(comparisons, metric, scoring).with_joined_seeds(len(comparisons[0].seeds))


def markdown_table(comparisons: Sequence[Comparison], metric: str, scoring: str) -> str:
    """The same as GitHub markdown, ending with a newline.

    Raises:
        LookupError: no comparison is of this metric and scoring.
    """
    layout = _layout(comparisons, metric, scoring)
    table = markdown.table(layout.head, layout.body, right=layout.numeric)
    notes = [f"- {note}" for note in layout.footnotes]
    return "\n".join([f"**{layout.title}**", "", table, "", *notes]) + "\n"


def column_of(comparisons: Sequence[Comparison], metric: str, scoring: str) -> list[Comparison]:
    """The rows of one metric under one scoring, in their order.

    Raises:
        LookupError: there are none.
    """
    rows = [row for row in comparisons if (row.metric, row.scoring) == (metric, scoring)]
    if not rows:
        raise LookupError(f"no comparison of {metric} under {scoring}")
    return rows


def _layout(comparisons: Sequence[Comparison], metric: str, scoring: str) -> TableLayout:
    rows = column_of(comparisons, metric, scoring)
    first = rows[0]
    with_holm = any(not math.isnan(row.p_holm) for row in rows)
    shared = shared_marks([row.marks for row in rows])
    own_marks = [[mark for mark in row.marks if mark not in shared] for row in rows]
    with_marks = any(own_marks)
    head = [
        "method",
        *(f"seed {seed}" for seed in first.seeds),
        "mean",
        f"difference [{first.level:.0%}]",
        *(["p Holm"] if with_holm else []),
        "MDD",
        "n",
        *(["marks"] if with_marks else []),
    ]
    body = [
        (
            row.candidate,
            *(numbers.quantity(value, row.unit) for value in row.values),
            numbers.quantity(row.mean, row.unit),
            _difference(row),
            *([numbers.p_value(row.p_holm)] if with_holm else []),
            _detectable(row),
            str(row.n),
            *(["; ".join(marks)] if with_marks else []),
        )
        for row, marks in zip(rows, own_marks, strict=True)
    ]
    title = f"{metric} under {scoring}: {first.unit}, {_WAYS[first.direction]}; baseline {first.baseline}"
    notes = (*_footnotes(rows, with_holm=with_holm), *([f"every row: {'; '.join(shared)}"] if shared else []))
    return TableLayout(title, tuple(head), tuple(body), notes)


def shared_marks(marks: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The marks that all of several rows have, which are shown once; none for a single row."""
    if len(marks) < 2:
        return ()
    return tuple(mark for mark in marks[0] if all(mark in of_row for of_row in marks[1:]))


def _footnotes(rows: Sequence[Comparison], *, with_holm: bool) -> tuple[str, ...]:
    methods = dict.fromkeys(row.interval_method for row in rows if row.interval_method != "none")
    about = f"difference: to {rows[0].baseline}, with its {rows[0].level:.0%} interval"
    notes = [f"{about}; {method}" for method in methods]
    if with_holm:
        family = sum(row.candidate != row.baseline for row in rows)
        notes.append(f"p Holm: corrected over the {family} row{'s' if family != 1 else ''} against the baseline")
    if methods:
        notes.append(f"MDD: {_LEGEND}")
    notes += status_notes(mark for row in rows for mark in row.marks)
    if rows[0].prompts < rows[0].n:
        notes.append(f"n: pairs, of {rows[0].prompts} prompts, which are the clusters of the intervals")
    notes += [f"{row.candidate}: {row.note}" for row in rows if row.note and row.note != "baseline"]
    return tuple(notes)


def _difference(row: Comparison) -> str:
    if row.candidate == row.baseline:
        return "baseline"
    signed = partial(numbers.quantity, unit=row.unit, sign="+")
    return numbers.bounded(row.difference, row.low, row.high, signed)


def _detectable(row: Comparison) -> str:
    """A difference of fractions is 1 at most; that of another unit has no upper limit, so is never beyond it."""
    value = row.minimum_detectable_difference
    return numbers.detectable(value, numbers.quantity(value, row.unit), 1.0)
