"""Printing: results on stdout, everything else on stderr; text stands as it is, brackets are no markup."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def stderr() -> Console:
    """Where progress and messages go."""
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True, markup=False, emoji=False)


def stdout() -> Console:
    """Where results go; when it is no terminal, wide enough that no table cell is ever cut."""
    from rich.console import Console

    console = Console(markup=False, emoji=False)
    return console if console.is_terminal else Console(width=1000, markup=False, emoji=False)


def print_json(value: Any) -> None:
    """One JSON document on stdout; NaN becomes null, since JSON has none."""
    sys.stdout.write(json.dumps(_plain(value), indent=2, ensure_ascii=False) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


FEW_COLUMNS = 6
"""So many columns stay side by side on any terminal; words that are too long go on in the next line."""


def print_rows(rows: Sequence[dict[str, Any]], *, title: str | None = None) -> None:
    """A plain table of dictionaries with the same keys, whole at any width.

    Where columns do not fit side by side, the table is turned, and has a column for each row; where these do not fit
    either, the rows stand below each other, each as a list of its values.
    """
    if not rows:
        return
    console = stdout()
    names = list(rows[0])
    texts = [[cell(value) for value in row.values()] for row in rows]
    if len(names) <= FEW_COLUMNS or _fits(names, texts, console):
        console.print(_table(names, texts, title, console))
        return
    corner, *others = [[name, *values] for name, *values in zip(names, *texts, strict=True)]
    if _fits(corner, others, console):
        console.print(_table(corner, others, title, console))
        return
    for place, values in enumerate(texts):
        corner, *others = [[name, value] for name, value in zip(names, values, strict=True)]
        console.print(_table(corner, others, title if place == 0 else None, console))


def _table(names: Sequence[str], rows: Sequence[Sequence[str]], title: str | None, console: Console) -> Table:
    """The table; words of it are broken only where they do not all fit."""
    from rich.table import Table
    from rich.text import Text

    heading = None if title is None else Text(title, style="table.title")
    table = Table(title=heading, title_justify="left", show_edge=False, pad_edge=False)
    fits = _fits(names, rows, console)
    widths = _widths(names, rows, console.width) if fits else [None] * len(names)
    for name, width in zip(names, widths, strict=True):
        table.add_column(Text(name), overflow="fold", width=width)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _fits(names: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> bool:
    """Whether no word of the table has to be broken."""
    return sum(_longest(names, rows, words=True)) <= _room(names, console.width)


def _widths(names: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """What each column has: its longest word, and of what is left over as much as its longest text can use."""
    widths = _longest(names, rows, words=True)
    wanted = _longest(names, rows, words=False)
    for _ in range(_room(names, width) - sum(widths)):
        short = [place for place, least in enumerate(widths) if least < wanted[place]]
        if not short:
            break
        widths[min(short, key=lambda place: widths[place] / wanted[place])] += 1
    return widths


def _room(names: Sequence[str], width: int) -> int:
    """Characters for texts; three stand between two columns."""
    return width - 3 * (len(names) - 1)


def _longest(names: Sequence[str], rows: Sequence[Sequence[str]], *, words: bool) -> list[int]:
    """Width of each column's longest word, or line; its name counts."""
    from rich.cells import cell_len

    def parts(text: str) -> list[str]:
        return (text.split() if words else text.splitlines()) or [""]

    columns = zip(names, *rows, strict=True)
    return [max(cell_len(part) for text in column for part in parts(text)) for column in columns]


def cell(value: Any) -> str:
    """A value as it stands in a table."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return (
            "n/a"
            if math.isnan(value)
            else f"{value:.4f}".rstrip("0").rstrip(".")
            if abs(value) >= 1e-3
            else f"{value:g}"
        )
    return str(value)
