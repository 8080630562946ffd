"""Win rates: who wins against whom, as a square and as tables with everything that stands beside a win rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from benchbench.report.figures.win_matrix import draw_win_matrix
from benchbench.report.page.blocks import Block, PageFigure, PageSection, PageTable, Paragraph
from benchbench.store.comparison_folders import StoredComparison

RESPONSES = "responses, "
"""Beginning of the title of the table of what responses are like, which has a section of its own."""


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    intervals = comparison.frame("win_rate_intervals")
    if intervals.empty:
        return [Paragraph("No win rates: no answers were judged in this comparison.")]
    labels = comparison.about["labels"]
    rates = win_rates(intervals, labels)
    columns = [*(label for label in labels if any(column == label for _, column in rates))]
    columns += [name for name in dict.fromkeys(column for _, column in rates) if name not in columns]
    rows = [label for label in labels if any(row == label for row, _ in rates)]
    caption = (
        "Win rate of each row against each opponent, mean over seeds; a tie is half a win. Blue is above one half, "
        "orange below; the opponent named chosen is the response that the data prefer."
    )
    figure = PageFigure("win_rates", caption, partial(draw_win_matrix, rates, rows, columns))
    tables = [table for table in comparison.about["samples"] if not table["title"].startswith(RESPONSES)]
    return [figure, *(PageTable.of_texts(**table, name=f"win_rates_{n}") for n, table in enumerate(tables, 1))]


def win_rates(intervals: pd.DataFrame, labels: Sequence[str]) -> Mapping[tuple[str, str], float]:
    """(row, opponent) -> win rate; against another row both ways, since one side's win is the other one's loss."""
    raw = intervals[intervals["metric"] == "win_rate"]
    rates = {(str(r), str(o)): float(v) for r, o, v in zip(raw["method"], raw["opponent"], raw["mean"], strict=True)}
    turned = {(opponent, row): 1 - rate for (row, opponent), rate in rates.items() if opponent in labels}
    return {**turned, **rates}


SECTION = PageSection("win_rates", 40, "Win rates", _blocks)
