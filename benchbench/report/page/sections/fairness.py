"""What differs between rows beside their method: data, tokens seen, updates, precision, hardware."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.report.page.blocks import Block, PageSection, PageTable, Paragraph, Remarks
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    """The rows of `fairness.csv` where the comparison has them, else the lines that stand above its tables."""
    frame, budgets = comparison.frame("fairness"), list(comparison.about["budgets"])
    if not frame.empty:
        title = "what differs between rows, as their stages recorded it"
        marked = (
            frozenset(n for n, differs in enumerate(frame["differs"]) if differs) if "differs" in frame else frozenset()
        )
        shown = frame.loc[:, [name for name in frame.columns if name != "differs"]]
        return [PageTable.of_records(title, shown.to_dict("records"), name="fairness", marked=marked)]
    if budgets:
        return [Remarks([line.removeprefix("- ") for line in budgets])]
    return [Paragraph("Training budgets do not differ between the rows: same data, updates, epochs and batches.")]


SECTION = PageSection("fairness", 115, "Fairness", _blocks)
