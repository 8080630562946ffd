"""Columns that a stage made: whether the values are what the method declares, seen when they are there."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.method import Column
from benchbench.data.column_shape import is_missing, values_of
from benchbench.data.tokenized import TokenizedExample


def check_columns(examples: Sequence[TokenizedExample], columns: Sequence[Column], *, where: str) -> None:
    """Return only if every example has a value in the range of each column that a method declares.

    Args:
        examples: whose columns a stage made.
        columns: as the method declares them.
        where: title of the stage, for messages.

    Raises:
        BenchError: the first example without a value, or with one out of range, and how many there are.
    """
    for column in columns:
        wrong = [example for example in examples if not _fits(example, column)]
        if wrong:
            value = wrong[0].columns.get(column.name, "none")
            raise BenchError(
                f"{where}: column '{column.name}': expected {column.expected} per {column.per}, found {value} in "
                f"example {wrong[0].id} and {len(wrong) - 1} more; leave such examples out with a transform in "
                "preference.transforms",
                exit_code=ExitCode.FAILED,
            )


def _fits(example: TokenizedExample, column: Column) -> bool:
    value = example.columns.get(column.name)
    if value is None or isinstance(value, tuple) != (column.per == "candidate"):
        return False
    if is_missing(value):
        return column.missing == "keep"
    return all(column.allows(number) for number in values_of(value))
