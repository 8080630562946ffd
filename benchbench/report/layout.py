"""A table of a comparison as texts, ready for a terminal of any width; needs rich alone, no numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable
from rich.text import Text


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


def terminal_layout(layout: TableLayout) -> RichTable:
    """The layout as a table for a terminal."""
    table = RichTable(
        title=Text(layout.title),
        caption=Text("\n".join(layout.footnotes)),
        title_justify="left",
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for place, name in enumerate(layout.head):
        can_wrap = name == "marks" or any(" " in cells[place] for cells in layout.body)
        table.add_column(
            Text(name),
            justify="left" if is_text(place, name) else "right",
            no_wrap=not can_wrap,
            overflow="fold",
            vertical="top",
        )
    for cells in layout.body:
        table.add_row(*(Text(cell) for cell in cells))
    return table


def is_text(place: int, name: str) -> bool:
    """Whether a column holds text and not numbers."""
    return place == 0 or name == "marks"
