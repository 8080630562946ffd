"""Models compared by other tools' results, for the reader: one row per task and model, the task once."""

from __future__ import annotations

import math
from collections.abc import Sequence
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


def items_layout(rows: Sequence[Comparison]) -> TableLayout:
    """One table: tasks in their order, the baseline's row first in each.

    Args:
        rows: of one metric, or of the main metric of each task, which then stands beside its name.
    """
    metrics, groups = list(dict.fromkeys(row.metric for row in rows)), list(dict.fromkeys(row.scoring for row in rows))
    with_holm = any(not math.isnan(row.p_holm) for row in rows)
    with_task = len(groups) > 1
    shared = shared_marks([row.marks for row in rows])
    marks = [[mark for mark in row.marks if mark not in shared] for row in rows]
    head = [
        *(["task"] if with_task else []),
        "model",
        *(["runs"] if len(rows[0].seeds) > 1 else []),
        "mean",
        f"difference [{rows[0].level:.0%}]",
        *(["p Holm"] if with_holm else []),
        "MDD",
        "n",
        *(["marks"] if any(marks) else []),
    ]
    body = [
        (
            *([_task(row, several=len(metrics) > 1)] if with_task else []),
            row.candidate,
            *([" ".join(_value(value, row) for value in row.values)] if len(row.seeds) > 1 else []),
            _value(row.mean, row),
            _difference(row),
            *([numbers.p_value(row.p_holm)] if with_holm else []),
            numbers.detectable(row.minimum_detectable_difference, _value(row.minimum_detectable_difference, row), 1.0),
            str(row.n) if row.n else numbers.NOT_AVAILABLE,
            *(["; ".join(of_row)] if any(marks) else []),
        )
        for row, of_row in zip(rows, marks, strict=True)
    ]
    footnotes = (*_footnotes(rows), *([f"every row: {'; '.join(shared)}"] if shared else []))
    return TableLayout(_title(rows, metrics, groups), tuple(head), tuple(body), footnotes)


def _title(rows: Sequence[Comparison], metrics: Sequence[str], groups: Sequence[str]) -> str:
    about = rows[0]
    if len(metrics) > 1:
        return f"main metric of {len(groups)} tasks; baseline {about.baseline}"
    where = f" on {groups[0]}" if len(groups) == 1 else ""
    return f"{metrics[0]}{where}: {about.unit}, {_WAYS[about.direction]}; baseline {about.baseline}"


def _task(row: Comparison, *, several: bool) -> str:
    return f"{row.scoring} ({row.metric})" if several else row.scoring


def _value(value: float, row: Comparison) -> str:
    return numbers.quantity(value, row.unit)


def _difference(row: Comparison) -> str:
    if row.candidate == row.baseline:
        return "baseline"
    return numbers.bounded(row.difference, row.low, row.high, partial(numbers.quantity, unit=row.unit, sign="+"))


def _footnotes(rows: Sequence[Comparison]) -> list[str]:
    tested = [row for row in rows if row.candidate != row.baseline]
    methods = dict.fromkeys(row.interval_method for row in tested if row.interval_method != "none")
    notes = [f"difference: to {rows[0].baseline}, with its {rows[0].level:.0%} interval; {way}" for way in methods]
    if any(not math.isnan(row.p_holm) for row in rows):
        notes.append(_p_note(tested))
    if methods:
        notes.append(_MDD)
    if clustered := [row for row in rows if row.prompts < row.n]:
        notes.append(
            f"n: items, of {clustered[0].prompts} clusters in {clustered[0].scoring}, which the intervals rest on"
        )
    return notes + _row_notes(tested)


def _p_note(tested: Sequence[Comparison]) -> str:
    """Which test and which family."""
    single = {row.decision.checkpoint_test for row in tested if len(row.decision.checkpoint_p) == 1}
    tests = (
        "McNemar's mid-p where every item is right or wrong, else of the interval"
        if MCNEMAR in single
        else "of the interval"
    )
    groups = [row for row in tested if row.scoring != ALL]
    apart = len(tested) - len(groups)
    family = f"{len(groups)} row{'s' if len(groups) != 1 else ''} against the baseline"
    beside = f", and over the {apart} of {ALL} by {'themselves' if apart > 1 else 'itself'}" if apart else ""
    return f"p Holm: {tests}; corrected over the {family}{beside}"


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
    shown = " | ".join(rows[:3])
    return shown if len(rows) <= 3 else f"{shown} | and {len(rows) - 3} more"
