"""Rounds of training: a row for each, with what it drew and kept, and what its policy answers."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.report.page.blocks import Block, PageSection, PageTable, Paragraph
from benchbench.report.rounds import ROUNDS
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    tables = [table for table in comparison.about.get("further", ()) if table["title"].startswith(ROUNDS)]
    if not tables:
        return [Paragraph("No rounds: no row of this comparison was trained in rounds.")]
    return [PageTable.of_texts(**table, name="rounds") for table in tables]


SECTION = PageSection("rounds", 61, "Rounds", _blocks)
