"""Rows of a sample log -> one number per document and metric; a task with several filters has a row for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from benchbench.core.errors import BenchError, Fault
from benchbench.core.imported import Fields, ResultsFile

HASHES = ("doc_hash", "prompt_hash", "target_hash")
_ENTRIES = ("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", *HASHES)
NO_FILTER = "none"


class LoggedSamples(NamedTuple):
    """One log, its documents in the order of their ids."""

    rows: Sequence[Fields]
    """A row per document, under the first filter."""
    values: Mapping[str, np.ndarray]
    """Metric, or `metric,filter` as the project writes it -> [n] numbers; null is NaN."""
    whole: Sequence[str]
    """Metrics that have no number per document."""


def read_samples(document: ResultsFile) -> LoggedSamples:
    """The samples of a log.

    Raises:
        BenchError: every row at once that names no document, repeats one under the same filter, or lacks a metric of
            the first row; filters with other documents.
    """
    if faults := list(_faults(document.rows)):
        raise BenchError.of_faults(str(document.path), faults)
    by_filter: dict[str, list[Fields]] = {}
    for row in sorted(document.rows, key=lambda row: row["doc_id"]):
        by_filter.setdefault(_filter(row), []).append(row)
    order = {_filter(row): None for row in document.rows}
    first = by_filter[next(iter(order))]
    values, whole = {}, []
    for name in order:
        if [row["doc_id"] for row in by_filter[name]] != [row["doc_id"] for row in first]:
            raise BenchError(f"{document.path}: expected every document under every filter, found others under {name}")
        for metric in _metrics(by_filter[name][0]):
            full, column = metric if name == NO_FILTER else f"{metric},{name}", [row[metric] for row in by_filter[name]]
            if all(entry is None or isinstance(entry, int | float) for entry in column):
                values[full] = np.array([np.nan if entry is None else float(entry) for entry in column])
            else:
                whole.append(full)
    return LoggedSamples(first, values, whole)


def _filter(row: Fields) -> str:
    return str(row.get("filter") or NO_FILTER)


def _metrics(row: Fields) -> list[str]:
    stated = row.get("metrics")
    return (
        [str(name) for name in stated] if isinstance(stated, list) else [name for name in row if name not in _ENTRIES]
    )


def _faults(rows: Sequence[Fields]) -> Iterator[Fault]:
    places: dict[tuple[str, int], int] = {}
    metrics: dict[str, list[str]] = {}
    for number, row in enumerate(rows, start=1):
        where, name = f"row {number}", row.get("doc_id")
        if isinstance(name, bool) or not isinstance(name, int):
            yield Fault(where, f"doc_id: expected a whole number, found {name!r}")
            continue
        if (place := places.setdefault((_filter(row), name), number)) != number:
            yield Fault(where, f"repeats document {name} of row {place}; two runs in one file? keep one of them")
        first = metrics.setdefault(_filter(row), _metrics(rows[0] if number == 1 else row))
        if missing := [metric for metric in dict.fromkeys([*metrics[_filter(rows[0])], *first]) if metric not in row]:
            yield Fault(where, f"expected a value of {', '.join(missing)} as in the first row, found none")
