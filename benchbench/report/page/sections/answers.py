"""The browser of answers: prompt, both responses, and what the judge said in either order."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.report.page.answers import contests_of
from benchbench.report.page.blocks import AnswerBrowser, Block, PageSection, Paragraph
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    contests, total = contests_of(
        comparison.frame("prompts"), comparison.frame("answers"), comparison.frame("verdicts")
    )
    if not contests:
        return [Paragraph("No answers to look at: none were drawn in this comparison.")]
    return [AnswerBrowser(contests, total)]


SECTION = PageSection("answers", 110, "Answers", _blocks)
