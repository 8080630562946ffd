"""A table of a comparison as texts, for a terminal and for a document; needs no library of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TEXT_COLUMNS = ("marks", "note")
"""Names of the columns that hold texts, beside the first."""


@dataclass(frozen=True)
class TableLayout:
    """What a terminal and a document show of one metric under one scoring."""

    title: str
    head: tuple[str, ...]
    """Names of the columns: the method, one per seed, and the rest."""
    body: tuple[tuple[str, ...], ...]
    """A row per label, as wide as the head."""
    footnotes: tuple[str, ...]

    def with_joined_seeds(self, k: int) -> TableLayout:
        """The k seeds in one column, whose values a narrow terminal sets below each other."""
        seeds = "seeds " + ", ".join(name.removeprefix("seed ") for name in self.head[1 : k + 1])
        head = (self.head[0], seeds, *self.head[k + 1 :])
        body = tuple((row[0], " ".join(row[1 : k + 1]), *row[k + 1 :]) for row in self.body)
        return TableLayout(self.title, head, body, self.footnotes)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TableLayout:
        """The layout of plain JSON values, as `dataclasses.asdict` has them."""
        body = tuple(tuple(row) for row in values["body"])
        return cls(values["title"], tuple(values["head"]), body, tuple(values["footnotes"]))

    @property
    def numeric(self) -> tuple[int, ...]:
        """Places of the columns that hold numbers."""
        return tuple(place for place, name in enumerate(self.head) if place and name not in TEXT_COLUMNS)
