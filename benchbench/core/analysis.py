"""Analysis: a published study of preferences as a pure function from rows to tables, and what it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from benchbench.core.paper import Paper

Row = Mapping[str, Any]
"""One line of a file, by the names of its columns."""


@dataclass(frozen=True)
class RowField:
    """A column of an analysis's input, and what may stand in it."""

    name: str
    kind: Literal["text", "number", "vector", "mapping", "label", "anything"]
    """A vector is a list of numbers, a mapping has a number under each name, a label is a text or a whole number."""
    meaning: str
    """What it is, with unit and range."""
    optional: bool = False
    """Rows may lack it."""


@dataclass(frozen=True)
class RowsInput:
    """A file of rows that an analysis reads."""

    name: str
    """What it is called on the command line."""
    meaning: str
    """What a row of it is."""
    fields: tuple[RowField, ...]
    optional: bool = False
    """The analysis says something without it."""
    rest: bool = False
    """Whether other columns belong to it, too; else the command counts them as not read."""


@dataclass(frozen=True)
class ResultTable:
    """A table of results; all rows have the same keys."""

    name: str
    """Of its file: letters, digits and `_`."""
    title: str
    rows: Sequence[Row]
    """Of texts, numbers and whole numbers; NaN where something is undefined, and a note of the results says why."""


@dataclass(frozen=True)
class ChartLine:
    """A line of a chart."""

    label: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class LineChart:
    """Lines over one axis."""

    name: str
    """Of its file: letters, digits and `_`."""
    title: str
    x: str
    """What the horizontal axis shows, with its unit."""
    y: str
    """What the vertical axis shows, with its unit."""
    lines: Sequence[ChartLine]


@dataclass(frozen=True)
class Analysed:
    """What an analysis gives."""

    tables: Sequence[ResultTable]
    notes: Sequence[str] = ()
    """What a reader has to know: what was left out, with counts, and what is undefined, with the reason."""
    charts: Sequence[LineChart] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """Name of a further file -> its text, such as pairs that a training can read."""


@dataclass(frozen=True)
class NoOptions:
    """Options of an analysis that has none."""


Inputs = Mapping[str, Sequence[Row]]
"""Name of each input that is there -> its rows, which have been checked against its fields."""


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """One exhibit of the analyses room; pure: the same rows and options give the same results."""

    name: str
    """Registry key; equals the file name."""
    title: str
    """What it asks, in a few words."""
    paper: Paper
    analyse: Callable[[Inputs, Any], Analysed]
    """(rows by input, options) -> results.

    Raises BenchError where rows contradict each other or are too few.
    """
    inputs: tuple[RowsInput, ...] = ()
    """Files that it reads, in the order of the command line."""
    options: type = NoOptions
    """Frozen dataclass, documented field by field; every field has a default."""
    open_question: str = ""
    """What of it could not be verified against its source, a sentence; tables of systems then mark it."""
    version: int = 1
    """Raised by hand when its numbers change."""
