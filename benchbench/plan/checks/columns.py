"""Columns of the data that a loss or a score reads: that they are there, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator

from benchbench.core.errors import Fault
from benchbench.core.example import Example
from benchbench.core.method import Column
from benchbench.data.column_shape import columns_of, is_missing, values_of
from benchbench.data.serial import from_json
from benchbench.plan.transforms import makers
from benchbench.store.prepared import PreparedData

FOUND = {
    "example": "one per example",
    "candidate": "one per candidate",
    "mixed": "lists in some examples only",
}
"""What a column has, in words."""


def column_faults(
    reader: str, column: Column, split: str, data: PreparedData, *, key: str, missing_key: str
) -> list[Fault]:
    """A column that is not there, or whose values are not what its reader declares.

    Args:
        reader: method or objective that reads it.
        column: as it is declared.
        split: that must have it.
        data: the prepared data.
        key: of the recipe, where values are wrong.
        missing_key: of the recipe, where there is no such column.
    """
    columns = data.shapes[split].columns
    if column.name in columns:
        return value_faults(key, column, split, data)
    message = f"'{reader}' reads the column '{column.name}', which split '{split}' does not have"
    return [Fault(missing_key, f"{message}; it has {', '.join(columns) or 'none'}{makers(column.name)}")]


def value_faults(key: str, column: Column, split: str, data: PreparedData) -> list[Fault]:
    """Values of another kind, outside the range, or missing; the split is read only where there are some."""
    shape = data.shapes[split].columns[column.name]
    where, faults = f"split '{split}', column '{column.name}'", list[Fault]()
    if shape.per != column.per:
        return [Fault(key, f"{where}: expected one number per {column.per}, found {FOUND[shape.per]}")]
    if not all(value is None or column.allows(value) for value in (shape.low, shape.high)):
        wrong = [(name, value) for name, value in _numbers(data, split, column.name) if not column.allows(value)]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        message = f"{where}: expected {column.expected}, found {wrong[0][1]:g} in example {wrong[0][0]}{more}"
        faults.append(Fault(key, message))
    if shape.missing and column.missing == "refuse":
        first = next(e.id for e in read_split(data, split) if is_missing(columns_of(e)[column.name]))
        message = (
            f"{where}: missing in {shape.missing} of {data.shapes[split].examples} examples, first {first}; fill it"
        )
        faults.append(Fault(key, f"{message}, or drop the rows with data.options.drop_missing: [{column.name}]"))
    return faults


def _numbers(data: PreparedData, split: str, name: str) -> Iterator[tuple[str, float]]:
    """Example and value of every number of a column, gaps left out."""
    for example in read_split(data, split):
        yield from ((example.id, value) for value in values_of(columns_of(example)[name]) if value == value)


def read_split(data: PreparedData, split: str) -> Iterator[Example]:
    """The examples of a prepared split, one by one."""
    return (from_json(line) for line in data.lines(split))
