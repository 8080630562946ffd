"""The forest plot of every table that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchbench.report.figures.forest import draw_forest
from benchbench.report.page.blocks import Block, PageFigure, PageSection, Paragraph
from benchbench.report.page.stored_rows import stored_rows
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    labels = comparison.about["labels"]
    blocks: list[Block] = []
    for metric, scoring in comparison.about["shown"]:
        rows = [row for row in stored_rows(comparison) if (row.metric, row.scoring) == (metric, scoring)]
        if any(row.candidate != row.baseline for row in rows):
            caption = (
                f"{metric} under {scoring}: difference of each row to {rows[0].baseline}; each small mark is a seed, "
                f"the upright bar their mean, the line its {rows[0].level:.0%} interval."
            )
            blocks.append(PageFigure(f"forest_{metric}_{scoring}", caption, partial(draw_forest, rows, labels)))
    return blocks or [Paragraph("No forest plot: there is no row beside the baseline.")]


SECTION = PageSection("forest", 30, "Differences, every seed", _blocks)
