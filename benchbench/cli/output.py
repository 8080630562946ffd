"""Printing: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def stderr() -> Console:
    """Where progress and messages go."""
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True)


def stdout() -> Console:
    """Where results go; when it is no terminal, wide enough that no table cell is ever cut."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=1000)


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


def print_rows(rows: Sequence[dict[str, Any]], *, title: str | None = None) -> None:
    """A plain table of dictionaries with the same keys."""
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for name in rows[0]:
        table.add_column(Text(name))
    for row in rows:
        table.add_row(*(Text(cell(value)) for value in row.values()))
    stdout().print(table)


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
