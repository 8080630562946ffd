"""The audits of data and seeds, as `bench audit` has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchbench.report.page.blocks import Block, PageSection, PageTable, Paragraph, Remarks
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    return [*_of_data(comparison.about.get("data_audit")), *_of_seeds(comparison)]


def _of_data(audit: Mapping[str, Any] | None) -> list[Block]:
    if audit is None:
        return [Paragraph("Data: not audited.")]
    if audit["rows"] is None:
        return [Remarks([f"Data: {line}" for line in audit["lines"]])]
    blocks: list[Block] = []
    if audit["rows"]:
        above = frozenset(n for n, row in enumerate(audit["rows"]) if row["verdict"] != "ok")
        title = f"data of {audit['target']}: what each check found"
        blocks.append(PageTable.of_records(title, audit["rows"], name="audit_data", marked=above))
    else:
        blocks.append(Paragraph(f"Data of {audit['target']}: no check found an example."))
    if audit["verdict"]:
        blocks.append(Paragraph(f"Data: {audit['verdict']}"))
    return [*blocks, Remarks(audit["lines"])]


def _of_seeds(comparison: StoredComparison) -> list[Block]:
    frame = comparison.frame("seeds")
    if frame.empty:
        return [Paragraph("Seeds: not audited.")]
    remarks = comparison.about["remarks"]["seeds"]
    title = "seeds: what each stream is drawn from, and how many different runs the seeds are"
    table = PageTable.of_records(title, frame.to_dict("records"), name="audit_seeds")
    return [table, *([Remarks(remarks)] if remarks else [])]


SECTION = PageSection("audits", 130, "Audits of data and seeds", _blocks)
