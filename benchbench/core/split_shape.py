"""The shape of a split: how many examples, candidates and labels, and which columns with which numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ColumnShape:
    """One column of a split in a few numbers."""

    per: str
    """`example`: one number; `candidate`: one per candidate; `mixed`: now the one, now the other."""
    low: float | None
    """Smallest number; none where there is no number at all."""
    high: float | None
    """Largest number."""
    missing: int = 0
    """Examples in which a value is missing."""


@dataclass(frozen=True)
class SplitShape:
    """What can be asked of a split without reading it."""

    examples: int
    candidates: Sequence[int]
    """The numbers of candidates per example that occur."""
    columns: Mapping[str, ColumnShape]
    """Columns that every example has, those that tokenising adds included."""
    labels: Mapping[str, int] = field(default_factory=dict)
    """`true` and `false` -> examples with that label; empty where the split has no labels."""
    ordered: bool = True
    """Whether the first candidate is known to be the preferred one."""
    roles: Mapping[str, int] = field(default_factory=dict)
    """Roles of an example's candidates in their order, joined by ", " -> examples that have these; "" for candidates
    without. Empty where no example names any."""
    spans: Mapping[str, int] = field(default_factory=dict)
    """Name of spans -> examples with such a span."""
