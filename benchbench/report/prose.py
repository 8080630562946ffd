"""Texts for a terminal of 80 columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from functools import partial

COLUMNS = 80
INDENT = "  "
_fill = partial(textwrap.wrap, width=COLUMNS, break_on_hyphens=False, break_long_words=False)


def wrapped(text: str, indent: str = "") -> list[str]:
    """A text in lines, all indented, or all but the first."""
    return _fill(text, initial_indent=indent, subsequent_indent=indent or INDENT)


def wrapped_item(text: str) -> list[str]:
    """An item of a list."""
    return _fill(text, initial_indent="- ", subsequent_indent=INDENT)


def prose(text: str) -> Iterator[str]:
    """A docstring: paragraphs and items of lists are filled anew, what is indented stands as it is."""
    for place, paragraph in enumerate(text.split("\n\n")):
        if place:
            yield ""
        if paragraph.startswith(" "):
            for line in paragraph.split("\n"):
                yield from [line] if len(line) <= COLUMNS else _fill(line, subsequent_indent=INDENT * 2)
            continue
        for item in re.split(r"\n(?=- )", paragraph):
            indent = INDENT if item.startswith("- ") else ""
            yield from _fill(" ".join(item.split()), subsequent_indent=indent)
