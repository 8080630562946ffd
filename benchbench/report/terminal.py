"""Tables for a terminal of any width: lines of text that are never longer, and lose no character of any cell.

A table that is too wide folds its cells at spaces. Where that would take more lines than anything else, or where a word
would have to be cut, it is turned (a column for each row) or stacked (each row as `name: value` lines). A number, an
interval and an id stay whole.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterator, Sequence

from rich.cells import cell_len, chop_cells

from benchbench.core.shown_text import visible

GAP = "  "
"""Between two columns."""
INDENT = "  "
"""Of lines that go on: of a cell in the first column, of a row that is stacked, of a note."""
LONGEST_WORD = 32
"""Characters of the longest word that always stays whole; a longer path may go on after a `/`, a key after a dot."""
SHORT_CELL = 24
"""Characters of an estimate with its interval: up to here columns are widened before longer texts get any room."""

_WORDS = re.compile(r"(?:\[[^\[\],\s]+, [^\[\],\s]+\]|\S)+")
"""An interval is one word, with what stands directly before and after it."""
_STEPS = {mark: re.compile(rf"[^{mark}]*[{mark}]|[^{mark}]+") for mark in "/."}
"""What a long word is divided at -> its parts."""


def fold(text: str, width: int, *, hang: str = "") -> list[str]:
    """A text in lines of at most `width` characters, broken at spaces; at least one line, none of several empty.

    Args:
        text: one or several lines; further spaces between words are dropped.
        width: characters of a line; wide characters count twice. A word that is longer than a line goes on after a
            `/` or a dot of it, and only where it has none within anything.
        hang: what all lines but the first begin with.
    """
    lines: list[str] = []
    for paragraph in filter(str.strip, text.splitlines()):
        line = hang if lines else ""
        for word in _WORDS.findall(paragraph):
            space = " " if line.strip() else ""
            is_first = not lines and not line
            for piece in [word] if is_first and cell_len(word) <= width else _pieces(word, max(1, width - len(hang))):
                if line.strip() and cell_len(line) + len(space) + cell_len(piece) > width:
                    lines.append(line)
                    line, space = hang, ""
                line, space = f"{line}{space}{piece}", ""
        lines.append(line)
    return lines or [""]


def table_lines(
    head: Sequence[str], body: Sequence[Sequence[str]], *, width: int, right: Collection[int] = ()
) -> list[str]:
    """A table in lines of at most `width` characters: side by side, turned or stacked, whichever has fewest lines.

    Args:
        head: names of the columns.
        body: a text per column for each row.
        width: of the terminal, in characters.
        right: places of the columns that stand to the right, since they hold numbers.
    """
    names, rows = list(head), [[row[0].strip() or "-", *row[1:]] for row in body]
    layouts = [_side_by_side(names, rows, width, right), _turned(names, rows, width), _stacked(names, rows, width)]
    return min((lines for lines in layouts if lines is not None), key=len)


def _side_by_side(
    head: Sequence[str], body: Sequence[Sequence[str]], width: int, right: Collection[int] = ()
) -> list[str] | None:
    """A column for each name; none where a word would have to be cut.

    Only the first line of a row begins at the margin: a first cell that goes on is indented there.
    """
    columns = list(zip(head, *body, strict=True))
    widths = _widths(columns, width - len(GAP) * (len(head) - 1))
    if widths is None:
        return None
    lines = list(_row_lines(head, widths, right))
    lines.append(GAP.join("-" * column for column in widths))
    for row in body:
        lines += _row_lines(row, widths, right)
    return lines


def _row_lines(cells: Sequence[str], widths: Sequence[int], right: Collection[int]) -> Iterator[str]:
    folded = [fold(cell, widths[k], hang="" if k else INDENT) for k, cell in enumerate(cells)]
    for number in range(max(map(len, folded))):
        texts = [lines[number] if number < len(lines) else "" for lines in folded]
        blanks = [" " * (column - cell_len(text)) for text, column in zip(texts, widths, strict=True)]
        padded = [
            blank + text if k and k in right else text + blank
            for k, (text, blank) in enumerate(zip(texts, blanks, strict=True))
        ]
        yield GAP.join(padded).rstrip()


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """What each column gets of the room: first its longest word, then short cells whole, then in proportion."""
    widths = [_least(column, hang=INDENT if k == 0 else "") for k, column in enumerate(columns)]
    full = [max(cell_len(line) for text in column for line in text.splitlines() or [""]) for column in columns]
    if sum(widths) > room:
        return None
    for _ in range(room - sum(widths)):
        narrow = [k for k, least in enumerate(widths) if least < full[k]]
        if not narrow:
            break
        short = [k for k in narrow if widths[k] < SHORT_CELL and full[k] <= SHORT_CELL]
        widths[min(short or narrow, key=lambda k: widths[k] / full[k])] += 1
    return widths


def _least(column: Sequence[str], *, hang: str) -> int:
    """Characters of the longest piece of a column that stays whole; what follows the first word may be indented."""
    least = 1
    for text in column:
        pieces = [piece for word in _WORDS.findall(text) for piece in _pieces(word, max(cell_len(word), 1))]
        least = max([least, *map(cell_len, pieces[:1]), *(cell_len(piece) + len(hang) for piece in pieces[1:])])
    return least


def _pieces(word: str, width: int) -> list[str]:
    """A word in parts that fit a line: whole, a long path or key after each mark, or cut where nothing else helps."""
    mark = next((mark for mark in _STEPS if mark in word), "")
    if cell_len(word) <= min(width, LONGEST_WORD) or (cell_len(word) <= width and not mark):
        return [word]
    steps = _STEPS[mark].findall(word) if mark else [word]
    return [part for step in steps for part in ([step] if cell_len(step) <= width else chop_cells(step, width))]


def _turned(head: Sequence[str], body: Sequence[Sequence[str]], width: int) -> list[str] | None:
    """A column for each row, where there are fewer of them; none where that does not fit without a fold."""
    if not 1 < len(body) < len(head):
        return None
    names, *rows = [list(column) for column in zip(head, *body, strict=True)]
    lines = _side_by_side(names, rows, width)
    return lines if lines is not None and len(lines) == len(rows) + 2 else None


def _stacked(head: Sequence[str], body: Sequence[Sequence[str]], width: int) -> list[str]:
    """`name: value` lines for each row, indented below the first; what is empty has no line."""
    lines: list[str] = []
    for row in body:
        lines += [""] * bool(lines)
        for place, (name, value) in enumerate(zip(head, row, strict=True)):
            if place == 0:
                lines += fold(f"{name}: {value}", width, hang=INDENT * 2)
            elif value.strip():
                lines += [INDENT + line for line in fold(f"{name}: {value}", width - len(INDENT), hang=INDENT)]
    return lines


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
