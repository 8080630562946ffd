"""Rows of any shape -> examples of one shape, with a count of everything that was dropped or left open."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from benchbench.core.errors import BenchError, suggestion
from benchbench.core.example import Column, Example
from benchbench.core.source import Reading
from benchbench.data.columns import TOOL_CALLS, Account, account_for, without_ignored
from benchbench.data.known_names import filled_columns, name_notes, other_names, under_our_names
from benchbench.data.messages import UnfitRowError, read_number
from benchbench.data.rows import ID_COLUMNS, SHAPES, Content, Row, Shape, check_messages

REPEATED_IDS = "repeated ids, made unique with #2, #3, ..."
MISSING_SCORES = "missing scores, NaN"


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
) -> Normalised:
    """Read the rows of one split.

    Args:
        rows: as the file or data set has them.
        split: our name of the split; names rows that have no id.
        where: file or data set, for messages.
        rename: our column name -> theirs.
        columns: further numeric columns to keep, one number per row or one per candidate.
        ignore: columns, and fields of turns as `column.field`, that are not read.
        on_tool_calls: `error`, or `drop` to leave rows with tools or tool calls out.

    Raises:
        BenchError: a column is missing that the options or every known shape need, a column or field would be lost, or
            no row is an example.
    """
    rows = without_ignored(rows, ignore)
    given = filled_columns(rows)
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
        given=given,
        columns=columns,
        on_tool_calls=on_tool_calls,
        where=where,
    )
    examples, counts = _read(rows, shape, account, columns, split, where, name_notes(rows, others))
    return Normalised(examples, Reading(len(rows), *counts, account.not_read))


def _read(
    rows: Sequence[Row],
    shape: Shape,
    account: Account,
    columns: Sequence[str],
    split: str,
    where: str,
    notes: Counter[str],
) -> tuple[tuple[Example, ...], tuple[dict[str, int], dict[str, int]]]:
    """Examples of the rows that are some; what was dropped, and what the data report counts of the others."""
    dropped = Counter[str]()
    read: list[tuple[str, Content, Mapping[str, Column]]] = []
    for index, row in enumerate(rows):
        try:
            if index in account.with_tools:
                raise UnfitRowError(TOOL_CALLS)
            content = shape.read(row)
            check_messages(row, content.turn)
            read.append((_own_id(row) or f"{split}-{index:05d}", content, _extra(row, columns, content, notes)))
            notes.update(content.notes)
        except UnfitRowError as reason:
            dropped[str(reason)] += 1
    if not read:
        raise BenchError(f"{where}: no row of split '{split}' is an example; {_counted(dropped)}")
    examples = _examples(read, notes)
    return examples, (dict(sorted(dropped.items())), dict(sorted(notes.items())))


def _examples(read: Sequence[tuple[str, Content, Mapping[str, Column]]], notes: Counter[str]) -> tuple[Example, ...]:
    rated = any(rating == rating for _, content, _ in read for rating in content.ratings)
    names = _unique([name for name, _, _ in read], notes)
    return tuple(
        _example(name, content, extra, notes if rated else None)
        for name, (_, content, extra) in zip(names, read, strict=True)
    )


def _renamed(rows: Sequence[Row], rename: Mapping[str, str], where: str) -> Sequence[Row]:
    present = {name for row in rows for name in row}
    missing = [theirs for theirs in rename.values() if theirs not in present]
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
        | {ours: row[theirs] for ours, theirs in rename.items() if theirs in row}
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
    return next((str(row[name]) for name in ID_COLUMNS if row.get(name) not in (None, "")), None)


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


def _extra(row: Row, columns: Sequence[str], content: Content, notes: Counter[str]) -> Mapping[str, Column]:
    extra: dict[str, Column] = {}
    for name in columns:
        value = row.get(name)
        if isinstance(value, (list, tuple)):
            if len(value) != len(content.turn.responses):
                raise UnfitRowError(f"column '{name}' has not one value per candidate")
            extra[name] = tuple(_plain_number(v, name) for v in value)
        else:
            extra[name] = _plain_number(value, name)
    for name, value in extra.items():
        _count_missing(value, f"missing values in column '{name}', NaN", notes)
    return extra


def _plain_number(value: Any, name: str) -> float:
    return float(value) if isinstance(value, bool) else read_number(value, f"column '{name}'")


def _count_missing(value: Column, note: str, notes: Counter[str]) -> None:
    missing = sum(math.isnan(v) for v in (value if isinstance(value, tuple) else (value,)))
    if missing:
        notes[note] += missing


def _example(name: str, content: Content, extra: Mapping[str, Column], notes: Counter[str] | None) -> Example:
    """One example; without notes no row of the split has a score, and none is given."""
    prompt, responses = content.turn
    if notes is None:
        return Example(name, prompt, responses, None, content.label, extra)
    _count_missing(content.ratings, MISSING_SCORES, notes)
    return Example(name, prompt, responses, content.ratings, content.label, {**extra, "score": content.ratings})


def _counted(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{reason}: {count}" for reason, count in sorted(dropped.items()))


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
