"""What a section consists of, whatever form it is written in: paragraphs, tables, figures, command lines, answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from benchbench.report.figures.style import as_bytes
from benchbench.report.layout import TEXT_COLUMNS, TableLayout

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from benchbench.store.comparison_folders import StoredComparison


@dataclass(frozen=True)
class Paragraph:
    """A text without markup."""

    text: str


@dataclass(frozen=True)
class Remarks:
    """A list of texts without markup, one at least."""

    texts: Sequence[str]


@dataclass(frozen=True)
class CommandLines:
    """(what, line) of commands, one at least."""

    lines: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class PageTable:
    """A table of texts, and what each form of document needs of it."""

    name: str
    """Name of its file, unique on a page."""
    title: str
    head: Sequence[str]
    body: Sequence[Sequence[str]]
    """Rows as wide as the head."""
    right: Sequence[int] = ()
    """Places of columns that hold numbers."""
    notes: Sequence[str] = ()
    """Footnotes."""
    marked: frozenset[int] = frozenset()
    """Places of rows that differ from what is usual, which are marked."""
    folded: bool = False
    """Long, so that a page shows it when asked to."""
    left_out: Sequence[int] = ()
    """Places of columns that a narrow document leaves out, and says so."""

    @classmethod
    def of_layout(cls, layout: TableLayout, *, name: str) -> PageTable:
        """A comparison's table; the column of all seeds is what a narrow document leaves out."""
        wide = [place for place, column in enumerate(layout.head) if column.startswith("seeds ")]
        return cls(name, layout.title, layout.head, layout.body, layout.numeric, layout.footnotes, left_out=wide)

    @classmethod
    def of_records(cls, title: str, records: Sequence[Mapping[Any, Any]], *, name: str, **more: Any) -> PageTable:
        """A table of rows with the same keys, one at least, which are the names of the columns."""
        body = [[cell_text(value) for value in row.values()] for row in records]
        return cls.of_texts(title, [str(column) for column in records[0]], body, name=name, **more)

    @classmethod
    def of_texts(
        cls, title: str, head: Sequence[str], body: Sequence[Sequence[str]], *, name: str, **more: Any
    ) -> PageTable:
        """A table of texts, in which columns of numbers are found by their cells."""
        right = [
            place
            for place, column in enumerate(head)
            if place and column not in TEXT_COLUMNS and all(_is_numeric(row[place]) for row in body)
        ]
        wide = [place for place, column in enumerate(head) if _is_beside(column, [row[place] for row in body])]
        return cls(name, title, head, body, right, left_out=wide, **more)


@dataclass(frozen=True)
class PageFigure:
    """A figure that is drawn when a form needs it."""

    name: str
    """Name of its file, unique on a page."""
    caption: str
    draw: Callable[[], Figure]

    @cached_property
    def svg(self) -> bytes:
        """Its SVG file, drawn once for all forms: the HTML page has it inside, the Markdown page beside it."""
        return as_bytes(self.draw(), "svg", name=self.name)


@dataclass(frozen=True)
class AnswerBrowser:
    """Contests of answers for who wants to read them; see `answers.contests_of`."""

    contests: Sequence[Mapping[str, Any]]
    """One at least, as plain values."""
    total: int
    """Contests that there are; more than are shown where they would be too long for a page."""


Block = Paragraph | Remarks | CommandLines | PageTable | PageFigure | AnswerBrowser


@dataclass(frozen=True)
class PageSection:
    """One exhibit of the room of sections."""

    name: str
    """Name of its file, and of its place on the page."""
    place: int
    """Sections stand by ascending places."""
    title: str
    blocks: Callable[[StoredComparison], Sequence[Block]]
    """What it shows; without data one sentence that says so, never nothing."""
    version: int = 1
    """Raised by hand when what it shows is computed in another way."""


@dataclass(frozen=True)
class Page:
    """A comparison with the blocks of every section."""

    title: str
    notice: str
    """What a reader must know before any number; empty where nothing."""
    sections: Sequence[tuple[PageSection, Sequence[Block]]]
    figures: Sequence[PageFigure] = field(init=False)
    tables: Sequence[PageTable] = field(init=False)

    def __post_init__(self) -> None:
        blocks = [block for _, inner in self.sections for block in inner]
        object.__setattr__(self, "figures", [block for block in blocks if isinstance(block, PageFigure)])
        object.__setattr__(self, "tables", [block for block in blocks if isinstance(block, PageTable)])


def cell_text(value: object) -> str:
    """A value as a cell of a table: NaN is `n/a`, None `-`, a float has four decimals, without zeros at its end."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return (
            "n/a" if value != value else f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) >= 1e-3 else f"{value:g}"
        )
    return str(value)


_BESIDE = ("near-equal", "characters", "opponent's characters")


def _is_beside(column: str, cells: Sequence[str]) -> bool:
    """Whether a narrow document can do without a column: all seeds, lengths, and what is missing where nothing is."""
    return column.startswith("seeds ") or column in _BESIDE or (column == "missing" and set(cells) <= {"0"})


def _is_numeric(text: str) -> bool:
    """Whether a cell begins as a number does, with an interval after it or not."""
    word = text.replace("\N{MINUS SIGN}", "-").split(" ")[0].lstrip("<+-").rstrip("%")
    return text in ("n/a", "-") or word.replace(".", "", 1).replace("e-", "", 1).isdigit()
