"""One transform applied to one split, with everything checked that it declares and promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchbench.core.errors import BenchError, suggestion
from benchbench.core.example import Example
from benchbench.core.method import Candidates, Column
from benchbench.core.transform import Counts, Transform, Transformed
from benchbench.data.column_shape import columns_of, is_missing, values_of


def transform_split(
    transform: Transform, examples: Sequence[Example], options: Any, seed: int, *, where: str
) -> Transformed:
    """The examples that a transform makes of those of one split, and their counts.

    Args:
        transform: an exhibit.
        examples: of the split.
        options: an instance of the transform's options.
        seed: for its draws.
        where: key and split, for messages.

    Raises:
        BenchError: a column that the transform reads is not there or has values that it does not take, an example is
            no pair where it takes pairs, or two new examples have one id.
        ValueError: the transform's counts do not add up.
    """
    for column in transform.reads(options):
        _check_column(transform.name, column, examples, where)
    if transform.candidates is Candidates.PAIR:
        _check_pairs(transform.name, examples, where)
    become, counts = transform.apply(tuple(examples), options, seed)
    if len(become) != counts.expected(len(examples)):
        raise ValueError(f"transform '{transform.name}': {len(examples)} in, {counts}, {len(become)} out")
    _check_ids(transform.name, become, where)
    return tuple(become), counts


def as_report(name: str, examples: int, become: int, counts: Counts) -> dict[str, Any]:
    """What a data report says of one transform of one split."""
    return {
        "name": name,
        "examples_in": examples,
        "examples_out": become,
        "dropped": dict(counts.dropped),
        "added": dict(counts.added),
        "changed": dict(counts.changed),
    }


def check_order(transform: Transform, ordered: bool, where: str) -> None:
    """Return only if a transform that takes the first candidate for the preferred one is given it there.

    Args:
        transform: an exhibit.
        ordered: whether the split's first candidates are known to be the preferred ones.
        where: key and split, for messages.

    Raises:
        BenchError: they are in no order.
    """
    if transform.needs_order and not ordered:
        raise BenchError(
            f"{where}: '{transform.name}' takes the first candidate for the preferred one, found candidates in no "
            "order; make pairs of them first, for instance with the transform pairs_best_worst"
        )


def _check_column(name: str, column: Column, examples: Sequence[Example], where: str) -> None:
    for example in examples:
        columns = columns_of(example)
        if column.name not in columns:
            known = ", ".join(sorted(columns)) or "none"
            raise BenchError(
                f"{where}: '{name}' reads the column '{column.name}', which example {example.id} does not have; it "
                f"has {known}.{suggestion(column.name, columns)}"
            )
        value = columns[column.name]
        if isinstance(value, tuple) != (column.per == "candidate"):
            raise BenchError(
                f"{where}: '{name}' reads one number per {column.per} in the column '{column.name}', found "
                f"{'one per candidate' if isinstance(value, tuple) else 'one per example'} in example {example.id}"
            )
        if column.missing == "refuse" and is_missing(value):
            raise BenchError(
                f"{where}: '{name}' reads the column '{column.name}', which has no value in example {example.id}; fill "
                f"it, or leave such rows out with data.options.drop_missing: [{column.name}]"
            )
        wrong = [number for number in values_of(value) if number == number and not column.allows(number)]
        if wrong:
            raise BenchError(
                f"{where}: '{name}' expects {column.expected} in the column '{column.name}', found {wrong[0]:g} in "
                f"example {example.id}"
            )


def _check_pairs(name: str, examples: Sequence[Example], where: str) -> None:
    other = next((example for example in examples if len(example.candidates) != 2), None)
    if other is not None:
        raise BenchError(
            f"{where}: '{name}' takes pairs, found {len(other.candidates)} candidates in example {other.id}; make "
            "pairs first, for instance with the transform pairs_best_worst"
        )


def _check_ids(name: str, examples: Sequence[Example], where: str) -> None:
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise BenchError(
                f"{where}: expected ids that are unique in a split, '{name}' makes two examples '{example.id}'; give "
                "the rows other ids"
            )
        seen.add(example.id)
