"""Printing: results on stdout, everything else on stderr; text stands as it is, brackets are no markup."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchbench.core.shown_text import visible

if TYPE_CHECKING:
    from rich.console import Console

    from benchbench.report.layout import TableLayout

NO_TERMINAL = 80
"""Characters of a line where stdout is no terminal."""
LONGEST_WORD, SHOWN_OF_WORD = 1000, 80
"""Characters from which on a word of a message is cut, and how many of it are shown."""
NARROWEST = 20
"""Fewest characters that a line is folded to."""


def stderr() -> Console:
    """Where progress and messages go."""
    return _console(stderr=True)


def stdout() -> Console:
    """Where results go; a line stands as it is, and what is to fit a terminal is folded before."""
    return _console(stderr=False)


def _console(*, stderr: bool) -> Console:
    """A console that obeys neither markup nor control characters of the texts that are printed."""
    from rich.console import Console, ConsoleRenderable, RenderHook
    from rich.text import Text

    class Harmless(RenderHook):
        def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
            return [
                Text(escaped) if isinstance(part, Text) and (escaped := shown(part.plain)) != part.plain else part
                for part in renderables
            ]

    console = Console(stderr=stderr, soft_wrap=True, markup=False, emoji=False)
    console.push_render_hook(Harmless())
    return console


def shown(text: str) -> str:
    """A text for a terminal: what would move the cursor, change colours or turn the reading order is an escape."""
    return visible(text, keep="\n\t")


def shown_error(text: str) -> str:
    """A message for a terminal: as `shown`, and of a word without end, as an id of a row may be, the beginning."""
    return re.sub(rf"\S{{{LONGEST_WORD},}}", _beginning, shown(text))


def _beginning(word: re.Match[str]) -> str:
    return f"{word[0][:SHOWN_OF_WORD]}... ({len(word[0])} characters)"


def terminal_width() -> int:
    """Characters of a line on stdout: as COLUMNS says, else as wide as the terminal; 80 where it is none."""
    said = os.environ.get("COLUMNS", "")
    if said.isdigit() and int(said) > 0:
        width = int(said)
    else:
        width = os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else NO_TERMINAL
    return max(width, NARROWEST)


def print_json(value: Any) -> None:
    """One JSON document on stdout; NaN becomes null, since JSON has none."""
    text = json.dumps(_plain(value), indent=2, ensure_ascii=False)
    if shown(text) != text:  # JSON has escapes for all that a terminal would obey
        text = json.dumps(_plain(value), indent=2, ensure_ascii=True)
    sys.stdout.write(text + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_rows(rows: Sequence[Mapping[str, Any]], *, title: str | None = None) -> None:
    """A table of dictionaries with the same keys, whole at any width; numbers stand to the right."""
    if not rows:
        return
    names = list(rows[0])
    numeric = [k for k, name in enumerate(names) if all(_is_number(row[name]) for row in rows)]
    texts = [[cell(row[name]) for name in names] for row in rows]
    _print_table(names, texts, title=title or "", right=numeric)


def print_layout(layout: TableLayout) -> None:
    """The table of a comparison, with its title and its footnotes."""
    _print_table(layout.head, layout.body, title=layout.title, right=layout.numeric)
    for note in layout.footnotes:
        print_note(note)
    print_note("")


def print_note(text: str) -> None:
    """A remark on stdout, folded at words."""
    from benchbench.report.terminal import INDENT, fold

    for line in fold(shown(text), terminal_width(), hang=INDENT):
        sys.stdout.write(f"{line}\n")


def print_whole(lines: Iterable[Sequence[tuple[str, str]] | str]) -> None:
    """Lines as they are, none folded; of a line in parts each (text, style) is styled where stdout is a terminal."""
    from rich.text import Text

    console = stdout()
    for line in lines:
        console.print(Text(line) if isinstance(line, str) else Text.assemble(*line), highlight=False)


def can_print(characters: str) -> bool:
    """Whether stdout has these characters; what has no encoding, as a text in memory, has all."""
    try:
        characters.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _print_table(head: Sequence[str], body: Sequence[Sequence[str]], *, title: str, right: Collection[int]) -> None:
    from benchbench.report.terminal import fold, table_lines

    width = terminal_width()
    lines = fold(shown(title), width) if title else []
    head, body = [shown(text) for text in head], [[shown(text) for text in row] for row in body]
    for line in [*lines, *table_lines(head, body, width=width, right=right)]:
        sys.stdout.write(f"{line}\n")


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


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
