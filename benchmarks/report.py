"""Numbers as people read them: tables on the terminal, and the tables of docs/performance.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchbench.report.markdown import table

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
BUSY_NOTE = "**Measured on a busy machine: these numbers say little.**"


def number(value: float) -> str:
    """Three digits, or whole where there are more."""
    if not math.isfinite(value):
        return str(value)
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:.1e}"


def section_lines(name: str, section: Mapping[str, Any], *, heading: str = "### ") -> list[str]:
    """One section: what it is, its table, its further numbers."""
    is_busy = bool(section["busy"])
    mark = " (busy)" if is_busy else ""
    load = f"{section['date']}; others kept {section['other_cores']:.2f} cores busy"
    lines = [f"{heading}{name}", "", f"{section['what']} ({load}).", ""]
    if is_busy:
        lines += [BUSY_NOTE, ""]
    rows = section["table"]
    if rows:
        columns = list(next(iter(rows.values())))
        body = [[row, *(number(values[column]) + mark for column in columns)] for row, values in rows.items()]
        lines += [table(["", *columns], body, right=range(1, len(columns) + 1)), ""]
    if section["facts"]:
        lines += [f"- {fact}: {number(value)}{mark}" for fact, value in section["facts"].items()] + [""]
    return lines


def document_text(document: Mapping[str, Any]) -> str:
    """What stands between the marks of the page."""
    if not document:
        return "Nothing was measured yet.\n"
    hardware = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in document["hardware"].items())
    versions = ", ".join(f"{name} {value}" for name, value in document["versions"].items())
    lines = [f"Machine: {hardware}.", "", f"Versions: {versions}.", ""]
    for name, section in document["sections"].items():
        lines += section_lines(name, section)
    return "\n".join(lines).rstrip() + "\n"


def page(text: str, document: Mapping[str, Any]) -> str:
    """The page with its tables made anew.

    Raises:
        ValueError: a page without the marks between which they stand.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"expected {BEGIN} and {END}, found a page without one of them")
    return f"{before}{BEGIN}\n\n{document_text(document)}\n{END}{after}"


def write_page(path: Path, document: Mapping[str, Any]) -> None:
    """Make the tables of a page anew."""
    path.write_text(page(path.read_text(encoding="utf-8"), document), encoding="utf-8")
