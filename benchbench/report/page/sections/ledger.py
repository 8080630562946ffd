"""The ledger: prompts, responses, labels, updates and time that every row took beyond the start."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.report.ledger import TITLE
from benchbench.report.page.blocks import Block, PageSection, PageTable, Paragraph
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    tables = [table for table in comparison.about.get("further", ()) if table["title"] == TITLE]
    if not tables:
        return [Paragraph("No ledger: no row of this comparison drew responses for its training.")]
    return [PageTable.of_texts(**table, name="ledger") for table in tables]


SECTION = PageSection("ledger", 112, "Ledger", _blocks)
