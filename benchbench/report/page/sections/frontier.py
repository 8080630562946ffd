"""The frontier: what policies gained against their KL to the start, a curve for each method, and rows at equal KL."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchbench.report.figures.frontier import draw_frontier
from benchbench.report.frontier import FRONTIER, IN_WORDS, MATCHED
from benchbench.report.page.blocks import Block, PageFigure, PageSection, PageTable, Paragraph
from benchbench.store.comparison_folders import StoredComparison

_UNITS = {"win_rate": "win rate, fraction", "score_gained": "score gained, judge's units"}


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    points = comparison.frame("frontier")
    if points.empty:
        return [
            Paragraph(
                "No frontier: it takes two policies of one method with a KL and verdicts, such as those of several "
                "betas or after each of several rounds."
            )
        ]
    blocks: list[Block] = []
    for quantity in dict.fromkeys(points["quantity"]):
        caption = (
            f"{IN_WORDS[quantity].capitalize()} over the KL to the start: means over seeds, with both intervals; "
            "lines join the policies of one method by their KL; an arrow at an edge: the interval goes on."
        )
        rows = points.loc[points["quantity"] == quantity]
        blocks.append(PageFigure(f"frontier_{quantity}", caption, partial(draw_frontier, rows, name=_UNITS[quantity])))
    tables = [t for t in comparison.about.get("further", ()) if t["title"].startswith((FRONTIER, MATCHED))]
    return [*blocks, *(PageTable.of_texts(**table, name=f"frontier_{n}") for n, table in enumerate(tables, 1))]


SECTION = PageSection("frontier", 62, "Frontier", _blocks)
