"""What the answers of each row are like: lengths, repetition, endings, KL, with the engine that drew them."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.report.page.blocks import Block, PageSection, PageTable, Paragraph
from benchbench.store.comparison_folders import StoredComparison

TITLE = "responses, "
"""Beginning of the title of this table among those of the samples."""


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    tables = [table for table in comparison.about["samples"] if table["title"].startswith(TITLE)]
    if not tables:
        return [Paragraph("No response statistics: no policy drew answers in this comparison.")]
    answered = comparison.about["answered"]
    drawn = f"Answers to prompts of {answered['prompts']}, drawn at temperature {answered['temperature']}."
    return [Paragraph(drawn), *(PageTable.of_texts(**table, name="responses") for table in tables)]


SECTION = PageSection("responses", 100, "Response statistics", _blocks)
