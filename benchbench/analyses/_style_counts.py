"""Counts of style in two responses, and their scaled differences as columns of a model of votes; ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from benchbench.analyses._surface import properties_of
from benchbench.core.analysis import Row
from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array
from benchbench.exports.arena_hard import markdown_counts

_WORDS = re.compile(r"\w+")
_CITATIONS = re.compile(r"\[\d+(?:\s*,\s*\d+)*\](?!\()|\[[^\]\n]*\]\(https?://")


def style_counts(text: str, prompt: str = "") -> Mapping[str, float]:
    """Words, citations, headings, bold parts and list items of a response.

    A citation is a number in brackets, [2] or [1, 3], or a link of Markdown; marks are counted as Arena-Hard does.

    Args:
        text: the response.
        prompt: not read.
    """
    marks = {name: float(sum(counts.values())) for name, counts in markdown_counts(text).items()}
    return {
        "words": float(len(_WORDS.findall(text))),
        "citations": float(len(_CITATIONS.findall(text))),
        "headings": marks["header_count"],
        "bold": marks["bold_count"],
        "list items": marks["list_count"],
    }


def style_differences(rows: Sequence[Row]) -> tuple[list[str], Array, list[str]]:
    """(names of the counts that differ, [rows, counts] differences, notes on those that do not).

    A difference is that of the counts over their sum, (a - b) / (a + b), 0 where neither side has any, divided by its
    root mean square over the rows.

    Raises:
        BenchError: rows with neither counts nor texts, counts below 0, or of other names.
    """
    sides = [[properties_of(row, side, style_counts, rows_of="votes") for side in "ab"] for row in rows]
    names = list(sides[0][0])
    if any({*names} != {*side} for pair in sides for side in pair):
        raise BenchError(f"votes: expected the same counts in every row; those of the first are {', '.join(names)}")
    values = np.array([[[side[name] for name in names] for side in pair] for pair in sides], dtype=np.float64)
    if not (values >= 0).all():
        raise BenchError("votes: expected counts of style of 0 or more, found others")
    total = values.sum(axis=1)
    difference = (values[:, 0] - values[:, 1]) / np.where(total > 0, total, 1.0)
    spread = np.sqrt((difference**2).mean(axis=0))
    same = [name for name, scale in zip(names, spread, strict=True) if scale == 0]
    notes = [f"left out, as many on both sides of every vote: {', '.join(same)}"] if same else []
    return [name for name in names if name not in same], difference[:, spread > 0] / spread[spread > 0], notes
