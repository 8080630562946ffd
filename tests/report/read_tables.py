"""Reads a terminal's table back from its lines alone, whichever of the layouts it has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchbench.report.terminal import GAP, INDENT


def squeezed(text: str) -> str:
    """A text without its whitespace."""
    return "".join(text.split())


def read_table(lines: list[str]) -> list[list[str]]:
    """Head and rows of a table whose columns stand side by side, from its lines alone; no whitespace is left."""
    rule = next(number for number, line in enumerate(lines) if line and set(line) <= {"-", " "})
    spans = [match.span() for match in re.finditer("-+", lines[rule])]
    rows: list[list[str]] = []
    for part in (lines[:rule], lines[rule + 1 :]):
        for line in part:
            if not line.startswith(" "):
                rows.append(["" for _ in spans])
            assert all(line[end : end + len(GAP)].strip() == "" for _, end in spans)
            rows[-1] = [cell + squeezed(line[a:b]) for cell, (a, b) in zip(rows[-1], spans, strict=True)]
    return rows


def read_stacked(lines: list[str]) -> list[dict[str, str]]:
    """Name -> value of each row that is stacked."""
    rows: list[dict[str, str]] = []
    name = ""
    for line in filter(None, lines):
        indent = len(line) - len(line.lstrip())
        if indent == 2 * len(INDENT):
            rows[-1][name] += squeezed(line)
            continue
        rows += [{}] * (indent == 0)
        name, _, value = (squeezed(part) for part in line.strip().partition(": "))
        rows[-1] = rows[-1] | {name: value}
    return rows


def read_back(lines: list[str], head: Sequence[str]) -> list[list[str]]:
    """The rows of a table of this head, without whitespace, from any layout."""
    if lines[0].startswith(f"{head[0]}: ") and not any(line and set(line) <= {"-", " "} for line in lines):
        return [[row.get(squeezed(name), "") for name in head] for row in read_stacked(lines)]
    first, *rows = read_table(lines)
    names = [squeezed(name) for name in head]
    return rows if first == names else [list(row) for row in zip(*read_table(lines), strict=True)][1:]
