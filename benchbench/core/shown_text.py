"""Texts of recipes, data and models where people and programs read them: nothing in them is obeyed.

A name that becomes part of a path is checked here (`name_fault`); a text for a terminal, a Markdown table or a CSV file
is made harmless here (`visible`, `one_line`, `csv_cell`).
"""

from __future__ import annotations

import re
import unicodedata

from benchbench.core.errors import BenchError

LONGEST_NAME_BYTES = 120
"""Of a name that becomes a file's name, with an ending and what stands before it; file systems allow 255."""
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of characters without a picture of their own: control, format, surrogates, separators of lines."""
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the reading order of what stands beside them."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that spreadsheets compute."""


def visible(text: str, *, keep: str = "") -> str:
    """A text whose characters without a picture are written as escapes, as in Python.

    Args:
        text: of a model or of data.
        keep: characters that stand as they are.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in keep or unicodedata.category(c) not in _HIDDEN else _escape(c) for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def one_line(text: str) -> str:
    """A text that ends no cell of a Markdown table and begins no HTML element; `p < 0.01` stays as it is."""
    line = visible(" ".join(text.splitlines()) if len(text.splitlines()) > 1 else text)
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", line)


def csv_cell(text: str) -> str:
    """A text as a cell that no spreadsheet computes: with an apostrophe before what would begin a formula.

    A number stays a number. Control characters, which end some readers' files, and what turns the reading order are
    written as escapes; line ends, tabs and what joins or parts letters stay.
    """
    shown = "".join(_escape(c) if _is_obeyed(c) else c for c in text) if not text.isprintable() else text
    if not text.startswith(_FORMULA) or is_number(text):
        return shown
    return f"'{shown}"


def _is_obeyed(character: str) -> bool:
    """Whether programs obey a character wherever it stands, save the white space of a table's cell."""
    return character in _TURNS or (unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t")


def is_number(text: str) -> bool:
    """Whether a text is what Python writes for a number."""
    try:
        float(text)
    except ValueError:
        return False
    return text == text.strip()


def name_fault(name: str) -> str | None:
    """What keeps a name from being a file's name, in words; none where nothing does.

    Args:
        name: of a setting, a recipe, a variant or a split, as somebody wrote it.
    """
    if not name or name != name.strip():
        return "expected a name without white space around it"
    if visible(name) != name:
        return f"expected a name of printable characters, got '{visible(name)}'"
    if any(mark in name for mark in "/\\") or name.startswith((".", "~", *_FORMULA)):
        return (
            f"expected a name that can be a file's name (no / or \\, and none of . ~ = + - @ at its beginning), "
            f"got '{name}'"
        )
    size = len(name.encode())
    if size > LONGEST_NAME_BYTES:
        return f"expected a name of at most {LONGEST_NAME_BYTES} bytes, got one of {size}"
    return None


def require_name(name: str, *, where: str) -> str:
    """The name, if it can be a file's.

    Args:
        name: as somebody wrote it.
        where: what holds it, for the message.

    Raises:
        BenchError: it leads elsewhere, is too long, or holds characters that nobody sees.
    """
    fault = name_fault(name)
    if fault is not None:
        raise BenchError(f"{where}: {fault}; rename it")
    return name
