"""What was reported for the recipes, and whether it was reproduced."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.report.page.blocks import Block, PageSection, PageTable, Paragraph, Remarks
from benchbench.store.comparison_folders import StoredComparison

TITLES = {
    "claims": "claims and verdicts, over the seeds that each recipe pins",
    "reported": "what the reports say of their claimed differences by themselves",
}


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    frames = {name: comparison.frame(name) for name in TITLES}
    blocks: list[Block] = [
        PageTable.of_records(TITLES[name], frame.to_dict("records"), name=name)
        for name, frame in frames.items()
        if not frame.empty
    ]
    remarks = comparison.about["remarks"]["claims"]
    blocks += [Remarks(remarks)] if remarks else []
    return blocks or [Paragraph("No claims: no recipe of this comparison carries a reported number.")]


SECTION = PageSection("claims", 140, "Claims and verdicts", _blocks)
