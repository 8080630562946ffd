"""Models compared by other tools' results, for the reader: a table of models, or of tasks for each model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from benchbench.comparison.items.compare import ONE_RUN
from benchbench.comparison.items.pooled import ALL
from benchbench.comparison.pairs.decision import MCNEMAR
from benchbench.comparison.pairs.table import Comparison
from benchbench.report import numbers
from benchbench.report.comparison import shared_marks
from benchbench.report.layout import TableLayout

_WAYS = {"higher": "higher is better", "lower": "lower is better", "none": "neither direction is better"}
_MDD = "MDD: minimum detectable difference: found with 80 % power, with 80 % confidence, before any correction"
MOST_ROWS = 3
"""Rows that a note names; it counts the others."""

Column = tuple[str, Callable[[Comparison], str]]
"""Name of a column -> its text in a row."""


def items_layouts(rows: Sequence[Comparison]) -> list[TableLayout]:
    """One table of all models where there is one task; else a table of tasks for each model beside the baseline.

    Args:
        rows: of one metric, or of the main metric of each task, which then stands beside its name. What is said of
            several tables stands below the last.
    """
    tested = [row for row in rows if row.candidate != row.baseline]
    if len({row.scoring for row in rows}) == 1:
        layouts = [_of_models(rows)]
    else:
        of_baseline = {row.scoring: row.mean for row in rows if row.candidate == row.baseline}
        layouts = [
            _of_tasks([row for row in tested if row.candidate == label], of_baseline)
            for label in dict.fromkeys(row.candidate for row in tested)
        ]
    return [*layouts[:-1], replace(layouts[-1], footnotes=_footnotes(rows, tested))]


def _of_models(rows: Sequence[Comparison]) -> TableLayout:
    about = rows[0]
    marks = _own_marks(rows)
    columns: list[Column] = [
        ("model", lambda row: row.candidate),
        *_runs(rows),
        ("mean", lambda row: _value(row.mean, row)),
        *_tested(rows),
        *([("marks", lambda row: marks[row.candidate])] if any(marks.values()) else []),
    ]
    title = f"{about.metric} on {about.scoring}: {_unit(about)}; baseline {about.baseline}"
    return _table(title, columns, rows)


def _of_tasks(rows: Sequence[Comparison], of_baseline: Mapping[str, float]) -> TableLayout:
    """Tasks of one model, with the baseline's mean beside its own.

    Args:
        rows: one per task.
        of_baseline: task -> its mean, in which copies of one run count once.
    """
    about, several = rows[0], len({row.metric for row in rows}) > 1
    columns: list[Column] = [
        ("task", lambda row: f"{row.scoring} ({row.metric})" if several else row.scoring),
        ("baseline", lambda row: _value(of_baseline[row.scoring], row)),
        *_runs(rows),
        ("mean", lambda row: _value(row.mean, row)),
        *_tested(rows),
    ]
    what = "main metric of each task" if several else f"{about.metric}, {_unit(about)}"
    return _table(f"{about.candidate} beside baseline {about.baseline}: {what}", columns, rows)


def _table(title: str, columns: Sequence[Column], rows: Sequence[Comparison]) -> TableLayout:
    body = tuple(tuple(text(row) for _, text in columns) for row in rows)
    return TableLayout(title, tuple(name for name, _ in columns), body, ())


def _runs(rows: Sequence[Comparison]) -> list[Column]:
    if len(rows[0].seeds) == 1:
        return []
    return [("runs", lambda row: " ".join(_value(value, row) for value in row.values))]


def _tested(rows: Sequence[Comparison]) -> list[Column]:
    """Difference, p where the rows are a family, what could have been found, and the number of items."""
    with_holm = any(not math.isnan(row.p_holm) for row in rows)
    return [
        (f"difference [{rows[0].level:.0%}]", _difference),
        *([("p Holm", lambda row: numbers.p_value(row.p_holm))] if with_holm else []),
        ("MDD", _detectable),
        ("n", lambda row: str(row.n) if row.n else numbers.NOT_AVAILABLE),
    ]


def _unit(row: Comparison) -> str:
    return f"{row.unit}, {_WAYS[row.direction]}"


def _value(value: float, row: Comparison) -> str:
    return numbers.quantity(value, row.unit)


def _difference(row: Comparison) -> str:
    if row.candidate == row.baseline:
        return "baseline"
    return numbers.bounded(row.difference, row.low, row.high, partial(numbers.quantity, unit=row.unit, sign="+"))


def _detectable(row: Comparison) -> str:
    """A difference of fractions is 1 at most; that of another unit has no upper limit."""
    value = row.minimum_detectable_difference
    return numbers.detectable(value, _value(value, row), 1.0)


def _own_marks(rows: Sequence[Comparison]) -> dict[str, str]:
    """Row -> its marks that not all rows have."""
    shared = shared_marks([row.marks for row in rows])
    return {row.candidate: "; ".join(mark for mark in row.marks if mark not in shared) for row in rows}


def _footnotes(rows: Sequence[Comparison], tested: Sequence[Comparison]) -> tuple[str, ...]:
    methods = dict.fromkeys(row.interval_method for row in tested if row.interval_method != "none")
    notes = [f"difference: to {rows[0].baseline}, with its {rows[0].level:.0%} interval; {way}" for way in methods]
    if any(not math.isnan(row.p_holm) for row in rows):
        notes.append(_p_note(tested))
    notes += [_MDD] if methods else []
    if clustered := [row for row in rows if row.prompts < row.n]:
        group, count = clustered[0].scoring, clustered[0].prompts
        notes.append(f"n: items; the intervals are over their clusters, {count} in {group}")
    of_rows = {row.candidate: row.marks for row in rows}
    shared = shared_marks(list(of_rows.values()))
    notes += [f"every row: {'; '.join(shared)}"] if shared else []
    if len({row.scoring for row in rows}) > 1:
        notes += [f"{label}: {marks}" for label, marks in _own_marks(rows).items() if marks]
    return (*notes, *_row_notes(tested))


def _p_note(tested: Sequence[Comparison]) -> str:
    """Which test and which family."""
    single = {row.decision.checkpoint_test for row in tested if len(row.decision.checkpoint_p) == 1}
    of_items = "McNemar's mid-p where every item is right or wrong, else of the interval"
    tests = of_items if MCNEMAR in single else "of the interval"
    groups = [row for row in tested if row.scoring != ALL]
    apart = len(tested) - len(groups)
    family = f"{len(groups)} difference{'s' if len(groups) != 1 else ''}"
    beside = f", and over {apart} of {ALL} apart" if apart else ""
    return f"p Holm: {tests}; corrected over {family}{beside}"


def _row_notes(tested: Sequence[Comparison]) -> list[str]:
    """What is said of rows: once where all say it, else once for each note, with its rows."""
    said: dict[str, list[str]] = {}
    several = len({row.scoring for row in tested}) > 1
    for row in tested:
        for part in filter(None, row.note.split("; ")):
            said.setdefault(part, []).append(f"{row.scoring}, {row.candidate}" if several else row.candidate)
    everywhere = [note for note, rows in said.items() if len(rows) == len(tested)]
    notes = [f"every difference: {note}" if note == ONE_RUN or len(tested) > 1 else note for note in everywhere]
    return notes + [f"{_some(rows)}: {note}" for note, rows in said.items() if note not in everywhere]


def _some(rows: Sequence[str]) -> str:
    shown = " | ".join(rows[:MOST_ROWS])
    return shown if len(rows) <= MOST_ROWS else f"{shown} | and {len(rows) - MOST_ROWS} more"
