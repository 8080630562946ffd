"""Import: what the results file of another project's tool says of every item, as the nouns of a paired comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchbench.core.measurement import Array

Fields = Mapping[str, Any]
"""One JSON object, or one row of a table."""
VERDICT = "verdict"
"""What an item of a judged tool lacks where the judge failed."""


@dataclass(frozen=True)
class ResultsFile:
    """A file that was read, whatever it is called."""

    path: Path
    rows: Sequence[Fields]
    """Its rows: JSON lines, a JSON list of objects, a table; one where it is one JSON object."""
    content: Fields
    """The one JSON object that it is; empty where it has several rows."""

    @property
    def first(self) -> Fields:
        """Its first row; empty without rows."""
        return self.rows[0] if self.rows else {}


@dataclass(frozen=True, kw_only=True)
class ItemMetric:
    """One metric of another tool, which has a number for every item."""

    unit: str
    """`fraction` where every value lies in [0, 1], else what it counts."""
    direction: str
    """`higher`, `lower` or `none`: which way is better."""
    values: Array
    """[n] a number per item; NaN where the tool has none."""
    weights: Array | None = None
    """[n] what each item counts in the tool's own mean, sum(values) / sum(weights); none where all count the same."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemScores:
    """What one run scored on every item of one task, subset or category."""

    group: str
    """Name of the task, subset or category."""
    items: tuple[str, ...]
    """[n] what names an item in every run; no two are equal."""
    metrics: Mapping[str, ItemMetric]
    """The tool's own main metric first."""
    contents: tuple[str, ...] = ()
    """[n] hash of what an item is: items of one name and other content cannot be paired; empty where unknown."""
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name -> [n] what runs must share of each item, as a hash or a number, such as the prompt that was shown."""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name -> [n] labels of the items that may name clusters."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the numbers depend on, and runs must share: version of the task, judge, few-shot examples."""
    remarks: Mapping[str, str] = field(default_factory=dict)
    """What differs between models by its nature and is shown with their rows, such as a chat template."""
    lacks: str = ""
    """What an item without a number lacks, where such an item is left out of every row; empty where it is a fault."""
    notes: tuple[str, ...] = ()
    """What a reader must know of the file."""


@dataclass(frozen=True, kw_only=True)
class GroupSummary:
    """What one run scored on a group, from a file that has no items; such runs cannot be paired."""

    group: str
    metric: str
    unit: str
    direction: str
    value: float
    se: float
    """Standard error over items; NaN where the file has none that may be used."""
    n: int
    """Number of items; 0 where the file does not say."""
    note: str = ""
    """Why there is no standard error, or what else a reader must know."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ImportedRun:
    """One evaluation of one model by another tool."""

    path: Path
    tool: str
    """Name of the import that read it."""
    model: str
    """Name of the model, as the file or its folder has it."""
    groups: tuple[ItemScores, ...] = ()
    summaries: tuple[GroupSummary, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Import:
    """One exhibit of the imports room."""

    name: str
    """Registry key; equals the file name."""
    format: str
    """What the files are, and the commit of the project whose code writes them."""
    recognises: Callable[[ResultsFile], bool]
    """Whether a file is of this format, by its content alone."""
    read: Callable[[ResultsFile], list[ImportedRun]]
    """Every run in the file.

    Raises BenchError with every fault at once, in the file's own names and row numbers.
    """
    version: int = 1
    """Raised by hand when what is read of a file changes."""
