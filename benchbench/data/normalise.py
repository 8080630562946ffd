"""Rows of any shape -> examples of one shape, with a count of everything that was dropped or left open."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import Any, NamedTuple

from benchbench.core.errors import BenchError, Fault, suggestion
from benchbench.core.example import Column, Example
from benchbench.core.source import Reading
from benchbench.data.candidate_parts import Parts, PartsError, read_parts
from benchbench.data.column_shape import SCORE, is_missing, values_of
from benchbench.data.columns import TOOL_CALLS, Account, account_for, without_ignored
from benchbench.data.known_names import filled_columns, name_notes, other_names, under_our_names
from benchbench.data.messages import UnfitRowError, read_number, read_text
from benchbench.data.preference_order import PreferenceOrder, knows_order, put_in_order
from benchbench.data.rows import ID_COLUMNS, SHAPES, Content, Row, Shape, check_messages

REPEATED_IDS = "repeated ids, made unique with #2, #3, ..."
MISSING_SCORES = "missing scores, NaN"
OWN_PROMPTS = "candidates with prompts of their own"
_SHOWN = 8


class _Entry(NamedTuple):
    """What was read of a row."""

    name: str
    content: Content
    extra: Mapping[str, Column]
    """Further columns."""
    parts: Parts


class Normalised(NamedTuple):
    """Examples of one split and how they were read."""

    examples: tuple[Example, ...]
    reading: Reading


def normalise(
    rows: Sequence[Row],
    *,
    split: str,
    where: str,
    rename: Mapping[str, str] | None = None,
    columns: Sequence[str] = (),
    ignore: Sequence[str] = (),
    on_tool_calls: str = "error",
    drop_missing: Sequence[str] = (),
    order: PreferenceOrder | None = None,
) -> Normalised:
    """Read the rows of one split.

    Args:
        rows: as the file or data set has them.
        split: our name of the split; names rows that have no id.
        where: file or data set, for messages.
        rename: our column name -> the source's.
        columns: further numeric columns to keep, one number per row or one per candidate.
        ignore: columns, and fields of turns as `column.field`, that are not read.
        on_tool_calls: `error`, or `drop` to leave rows with tools or tool calls out.
        drop_missing: rows without a number in one of these columns (`score` too) are dropped.
        order: what decides which candidate is the preferred one.

    Raises:
        BenchError: a column is missing that the options or every known shape need, a column or field would be lost, no
            row is an example, or the ratings contradict the order.
    """
    rows = without_ignored(rows, ignore)
    filled = filled_columns(rows)
    rows = _renamed(rows, rename or {}, where)
    _check_columns(columns, {name for row in rows for name, value in row.items() if value is not None}, where)
    if not rows:
        raise BenchError(f"{where}: expected rows for split '{split}', found none")
    others = other_names(rows, spare=columns)
    shape, rows = _shape(rows, others, where), under_our_names(rows, others)
    account = account_for(
        rows,
        shape,
        names={**(rename or {}), **others},
        original=filled,
        columns=columns,
        on_tool_calls=on_tool_calls,
        where=where,
    )
    place = f"{where}, split '{split}'"
    notes = name_notes(rows, others)
    read, dropped = _read(
        rows, shape, account, split=split, where=where, notes=notes, columns=columns, drop=drop_missing
    )
    order = order or PreferenceOrder()
    claimed = shape.ordered or all(len(content.turn.responses) == 1 for _, content, _, _ in read)
    examples = put_in_order(_examples(read, notes), order, claimed=claimed, where=place, notes=notes)
    known = knows_order(examples, order, claimed=claimed)
    counts = dict(sorted(dropped.items())), dict(sorted(notes.items()))
    return Normalised(examples, Reading(len(rows), *counts, account.not_read, known))


def _read(
    rows: Sequence[Row],
    shape: Shape,
    account: Account,
    *,
    split: str,
    where: str,
    notes: Counter[str],
    columns: Sequence[str],
    drop: Sequence[str],
) -> tuple[list[_Entry], Counter[str]]:
    """Name, content and columns of every row that is an example; the others are counted by reason."""
    dropped = Counter[str]()
    read: list[_Entry] = []
    faults: list[Fault] = []
    for index, row in enumerate(rows):
        try:
            if index in account.with_tools:
                raise UnfitRowError(TOOL_CALLS)
            content = shape.read(row)
            check_messages(row, content.turn)
            extra = _extra(row, columns, content)
            _refuse_missing({**extra, SCORE: content.ratings}, drop)
            parts = read_parts(row, content.turn)
            read.append(_Entry(_own_id(row) or f"{split}-{index:05d}", content, extra, parts))
            notes.update(content.notes)
            notes.update([OWN_PROMPTS] if parts.prompts else [])
        except PartsError as fault:
            faults.append(Fault(f"row {index}", str(fault)))
        except UnfitRowError as reason:
            dropped[str(reason)] += 1
    if faults:
        raise BenchError.of_faults(f"{where}, split '{split}': rows that contradict themselves", faults[:_SHOWN])
    if not read:
        raise BenchError(f"{where}: no row of split '{split}' is an example; {_counted(dropped)}")
    return read, dropped


def _examples(read: Sequence[_Entry], notes: Counter[str]) -> tuple[Example, ...]:
    rated = any(rating == rating for _, content, _, _ in read for rating in content.ratings)
    names = _unique([entry.name for entry in read], notes)
    listed = {name for entry in read for name, column in entry.extra.items() if isinstance(column, tuple)}
    return tuple(
        _example(
            entry._replace(name=name, extra=_widened(entry.extra, listed, len(entry.content.turn.responses), notes)),
            notes if rated else None,
        )
        for name, entry in zip(names, read, strict=True)
    )


def _widened(
    extra: Mapping[str, Column], listed: Set[str], candidates: int, notes: Counter[str]
) -> Mapping[str, Column]:
    """Columns with their gaps counted; nothing, in a column of lists, is a gap for each candidate."""
    widened: dict[str, Column] = {}
    for name, column in extra.items():
        gap = name in listed and not isinstance(column, tuple) and math.isnan(column)
        widened[name] = (math.nan,) * candidates if gap else column
        _count_missing(widened[name], f"missing values in column '{name}', NaN", notes)
    return widened


def _renamed(rows: Sequence[Row], rename: Mapping[str, str], where: str) -> Sequence[Row]:
    present = {name for row in rows for name in row}
    missing = [column for column in rename.values() if column not in present]
    if rows and missing:
        raise BenchError(
            f"{where}: rename names columns that are not there: {', '.join(missing)}."
            f"{suggestion(missing[0], present)} Found: {_listed(present)}."
        )
    if not rename:
        return rows
    taken = set(rename.values())
    return [
        {name: value for name, value in row.items() if name not in taken}
        | {name: row[column] for name, column in rename.items() if column in row}
        for row in rows
    ]


def _shape(rows: Sequence[Row], others: Mapping[str, str], where: str) -> Shape:
    """The shape that the columns with a value tell; if none does, empty texts and lists are values too."""
    filled = {name for row in rows for name, value in row.items() if value is not None}
    for names in (filled_columns(rows) | others.keys(), filled | others.keys()):
        for shape in SHAPES:
            if names.issuperset(shape.required):
                return shape
    expected = "; or ".join(", ".join(shape.required) for shape in SHAPES)
    raise BenchError(
        f"{where}: expected the columns {expected}; found {_listed(filled)}; `rename` says which column is which"
    )


def _check_columns(columns: Sequence[str], filled: set[str], where: str) -> None:
    missing = [name for name in columns if name not in filled]
    if filled and missing:
        raise BenchError(f"{where}: expected the columns {', '.join(missing)}; found {_listed(filled)}")


def _own_id(row: Row) -> str | None:
    name = next((str(row[name]) for name in ID_COLUMNS if row.get(name) not in (None, "")), None)
    return None if name is None else read_text(name, "an id")


def _unique(names: Sequence[str], notes: Counter[str]) -> list[str]:
    """The first of equal names keeps it; a made name never takes one that another row has."""
    taken, used, unique = set(names), set[str](), []
    for name in names:
        fresh, number = name, 2
        if name in used:
            notes[REPEATED_IDS] += 1
            while (fresh := f"{name}#{number}") in taken:
                number += 1
            taken.add(fresh)
        used.add(fresh)
        unique.append(fresh)
    return unique


def _refuse_missing(columns: Mapping[str, Column], wanted: Sequence[str]) -> None:
    for name in wanted:
        if is_missing(columns[name]):
            raise UnfitRowError(f"no value in column '{name}' (drop_missing)")


def _extra(row: Row, columns: Sequence[str], content: Content) -> Mapping[str, Column]:
    extra: dict[str, Column] = {}
    for name in columns:
        value = row.get(name)
        if isinstance(value, (list, tuple)):
            if len(value) != len(content.turn.responses):
                raise UnfitRowError(f"column '{name}' has not one value per candidate")
            extra[name] = tuple(_plain_number(v, name) for v in value)
        else:
            extra[name] = _plain_number(value, name)
    return extra


def _plain_number(value: Any, name: str) -> float:
    return float(value) if isinstance(value, bool) else read_number(value, f"column '{name}'")


def _count_missing(value: Column, note: str, notes: Counter[str]) -> None:
    missing = sum(math.isnan(v) for v in values_of(value))
    if missing:
        notes[note] += missing


def _example(entry: _Entry, notes: Counter[str] | None) -> Example:
    """One example; without notes no row of the split has a score, and none is given."""
    name, content, extra, parts = entry
    prompt, responses = content.turn
    if notes is None:
        return Example(name, prompt, responses, None, content.label, extra, *parts)
    _count_missing(content.ratings, MISSING_SCORES, notes)
    return Example(name, prompt, responses, content.ratings, content.label, {**extra, SCORE: content.ratings}, *parts)


def _counted(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{reason}: {count}" for reason, count in sorted(dropped.items()))


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
