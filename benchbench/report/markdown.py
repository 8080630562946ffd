"""GitHub Markdown: the one place where tables are written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from benchbench.core.shown_text import one_line


def table(head: Sequence[str], body: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> str:
    """A table without a newline at its end.

    Args:
        head: names of the columns.
        body: rows as wide as the head.
        right: places of the columns that are aligned to the right; all others are to the left.
    """
    rule = ["---:" if place in right else ":---" for place in range(len(head))]
    return "\n".join(_line(cells) for cells in (head, rule, *body))


def records(rows: Sequence[Mapping[str, str]]) -> str:
    """A table of rows with the same keys, which are the names of the columns."""
    return table(list(rows[0]), [list(row.values()) for row in rows])


def titled(title: str, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Lines of a document: the title in bold, and its table."""
    return [f"**{title}**", "", records(rows), ""]


def quoted(lines: Sequence[str]) -> list[str]:
    """Remarks as one quotation; lines that begin with a dash are items of its lists."""
    quotation: list[str] = []
    for place, line in enumerate(lines):
        begins = place and not (line.startswith("- ") and lines[place - 1].startswith("- "))
        quotation += [">"] * bool(begins) + [f"> {one_line(line)}"]
    return quotation


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(one_line(cell).replace("\\", "\\\\").replace("|", "\\|") for cell in cells) + " |"
