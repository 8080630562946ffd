"""Texts of models and data for a terminal: what would move the cursor or change colours is shown, and not obeyed."""

from __future__ import annotations

import textwrap
import unicodedata

from rich.cells import cell_len, chop_cells

_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of characters without a picture of their own: control, format, surrogates, separators of lines."""


def visible(text: str, *, keep: str = "") -> str:
    """A text whose characters without a picture are written as escapes, as in Python.

    Args:
        text: of a model or of data.
        keep: characters that stand as they are.
    """
    return "".join(c if c in keep or unicodedata.category(c) not in _HIDDEN else _escape(c) for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def wrapped_text(text: str, width: int) -> list[str]:
    """A text of several lines in lines of at most `width` columns; further white space within a line stays.

    A word that is longer than a line is cut; wide characters count twice.
    """
    lines: list[str] = []
    for line in visible(text, keep="\n").split("\n"):
        narrow = textwrap.wrap(line, width, replace_whitespace=False, drop_whitespace=False, break_on_hyphens=False)
        lines += [piece.rstrip() for part in narrow or [""] for piece in _fitting(part, width)]
    return lines


def _fitting(text: str, width: int) -> list[str]:
    return [text] if cell_len(text.rstrip()) <= width else chop_cells(text.rstrip(), width)
