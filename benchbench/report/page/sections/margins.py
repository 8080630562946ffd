"""Histograms of the margins of held-out pairs under the headline's scoring."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchbench.comparison.pairs.scorings import SCORINGS
from benchbench.report.figures.histograms import OUTERMOST, draw_histograms
from benchbench.report.page.blocks import Block, PageFigure, PageSection, Paragraph
from benchbench.store.comparison_folders import StoredComparison


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    pairs, scoring = comparison.frame("pairs"), comparison.about["headline"][1]
    column = f"margin_{scoring}"
    if pairs.empty or column not in pairs:
        return [Paragraph(f"No margins: no row has scores under {scoring}.")]
    there = pairs[pairs[column].notna()]
    labels = [label for label in comparison.about["labels"] if label in set(there["label"])]
    if not labels:
        return [Paragraph(f"No margins: no score under {scoring} is a number.")]
    margins = {label: there.loc[there["label"] == label, column].to_numpy(float) for label in labels}
    caption = (
        f"Margins of held-out pairs under {scoring}, all seeds together; the outermost bins hold what lies further out "
        f"({OUTERMOST:.1%} of all margins on either side). A pair right of 0 is in the order of the data."
    )
    draw = partial(draw_histograms, margins, comparison.about["labels"], unit=SCORINGS[scoring].unit)
    return [PageFigure("margins", caption, draw)]


SECTION = PageSection("margins", 70, "Margins", _blocks)
