"""Rows of a file, checked against what an analysis says of them; every fault of a file in one message."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchbench.core.analysis import Row, RowField, RowsInput
from benchbench.core.errors import BenchError, Fault, suggestion
from benchbench.data.csv_text import csv_rows, table_text
from benchbench.data.files import read_rows

_SEPARATED = {".csv": ",", ".tsv": "\t"}
EXPECTED = {
    "text": "a text",
    "number": "a finite number",
    "vector": "a list of finite numbers",
    "mapping": "an object with a finite number under each name",
    "label": "a text or a whole number",
    "anything": "a value",
}
"""Kind of a field -> what may stand in it."""


def input_rows(path: Path, wanted: RowsInput) -> tuple[Sequence[Row], list[str]]:
    """The rows of a file, and what of it is not read.

    Args:
        path: .jsonl, .json or .parquet, as data; .csv or .tsv with names of columns in the first line.
        wanted: what the analysis reads.

    Raises:
        BenchError: exit code 5 where there is no file, else all faults in one message.
    """
    rows = _separated(path, wanted) if path.suffix in _SEPARATED else read_rows(path)
    if not rows:
        raise BenchError(f"{path}: expected rows of {wanted.name}, found none")
    columns = Counter(name for row in rows for name, value in row.items() if value is not None)
    faults = [fault for field in wanted.fields for fault in _faults(rows, columns, field)]
    if faults:
        raise BenchError.of_faults(f"{path} ({wanted.name})", faults)
    unread = sorted(set(columns) - {field.name for field in wanted.fields})
    if wanted.rest:  # others belong to such rows, but for what looks like a field that is not there
        absent = [field.name for field in wanted.fields if field.name not in columns]
        unread = [name for name in unread if suggestion(name, absent)]
    if not unread:
        return rows, []
    return rows, [f"{wanted.name}: columns not read: {', '.join(unread)}"]


def _faults(rows: Sequence[Row], columns: Mapping[str, int], field: RowField) -> list[Fault]:
    """The first fault of a column, and how many rows have one."""
    where = f"column '{field.name}'"
    if not columns.get(field.name):
        if field.optional:
            return []
        hint = suggestion(field.name, columns)
        return [Fault(where, f"expected {EXPECTED[field.kind]} in every row, found no such column.{hint}")]
    faulty = [number for number, row in enumerate(rows, start=1) if not _suits(row.get(field.name), field)]
    if not faulty:
        return []
    value = rows[faulty[0] - 1].get(field.name)
    shown = "nothing" if value is None else repr(value)[:60]
    others = f" (and {len(faulty) - 1} more rows)" if len(faulty) > 1 else ""
    return [Fault(where, f"expected {EXPECTED[field.kind]}, found {shown} in row {faulty[0]}{others}")]


def _suits(value: Any, field: RowField) -> bool:
    if value is None:
        return field.optional
    if field.kind == "anything":
        return True
    if field.kind == "text":
        return isinstance(value, str)
    if field.kind == "number":
        return _is_number(value)
    if field.kind == "label":
        return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
    if field.kind == "vector":
        return isinstance(value, (list, tuple)) and len(value) > 0 and all(map(_is_number, value))
    return isinstance(value, Mapping) and all(map(_is_number, value.values()))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _separated(path: Path, wanted: RowsInput) -> list[dict[str, Any]]:
    """Rows of a table of texts; an empty cell is no value, a cell of a number is one where it can be read as such.

    `nan` is no value where a number may be missing, as in tables of this bench.
    """
    lines = csv_rows(table_text(path), str(path), delimiter=_SEPARATED[path.suffix], quoted=path.suffix != ".tsv")
    if not lines:
        return []
    numeric = {field.name: field.optional for field in wanted.fields if field.kind == "number"}
    head, rows = lines[0][1], []
    if twice := [name for name, count in Counter(head).items() if count > 1]:
        raise BenchError(f"{path}: expected every column once, found {', '.join(twice)} twice")
    for number, (_, cells) in enumerate(lines[1:], start=2):
        if len(cells) not in (0, len(head)):
            raise BenchError(f"{path}, line {number}: expected {len(head)} cells as in the header, found {len(cells)}")
        rows += (
            [{name: _value(cell, numeric.get(name)) for name, cell in zip(head, cells, strict=True)}] if cells else []
        )
    return rows


def _value(cell: str, may_be_missing: bool | None) -> Any:
    """What a cell says; `may_be_missing` is none for a column that holds no numbers."""
    if may_be_missing is None:
        return cell or None
    try:
        number = float(cell) if cell else None
    except ValueError:
        return cell
    return None if number is not None and math.isnan(number) and may_be_missing else number
