"""What differs between rows beside their method: data, tokens seen, updates, precision, hardware."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.report.page.blocks import Block, PageSection, PageTable, Remarks
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    """The values of each quantity that differs or is not known, else the line that stands above the tables."""
    frame = comparison.frame("fairness")
    if frame.empty:
        return [Remarks([line for line in comparison.about["budgets"] if line.startswith("fairness: ")])]
    title = "what differs between rows, as their stages recorded it"
    return [PageTable.of_records(title, frame.to_dict("records"), name="fairness")]


SECTION = PageSection("fairness", 115, "Fairness", _blocks)
