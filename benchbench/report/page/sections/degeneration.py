"""Rows that left the range of the policy that all start from, and whether they are better than it on pairs."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.report.page.blocks import Block, PageSection, PageTable, Paragraph, Remarks
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    """The rows of `degeneration.csv` where the comparison has them."""
    frame = comparison.frame("degeneration")
    if "degeneration" not in comparison.frames:
        return [Paragraph("Degeneration was not looked for in this comparison.")]
    unmeasured = list(comparison.about.get("unmeasured", ()))
    remarks: list[Block] = [Remarks(unmeasured)] if unmeasured else []
    if frame.empty:
        return [Paragraph("No row left the range of the policy that all start from, in what was measured."), *remarks]
    title = "rows that left the range of the policy that all start from"
    records = [{name: _said(value) for name, value in row.items()} for row in frame.to_dict("records")]
    return [PageTable.of_records(title, records, name="degeneration"), *remarks]


def _said(value: object) -> object:
    return {"True": "yes", "False": "no"}.get(str(value), value)


SECTION = PageSection("degeneration", 105, "Degeneration", _blocks)
