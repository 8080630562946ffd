"""The forest of a comparison: the difference of each row to the baseline, with its interval and every seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchbench.comparison.pairs.table import Comparison
from benchbench.report.figures.style import GREY, INK, LETTERS_POINTS, clean, colour, marker, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SEED_SPAN = 0.24
_ROW_INCHES = 0.38


def draw_forest(rows: Sequence[Comparison], labels: Sequence[str]) -> Figure:
    """One metric under one scoring: small marks are seeds, the bar is the mean, the line its interval.

    Args:
        rows: of one metric and scoring, the baseline's among them or not.
        labels: of the whole comparison, which give the colours.

    Raises:
        ValueError: no row beside the baseline.
    """
    others = [row for row in rows if row.candidate != row.baseline]
    if not others:
        raise ValueError("expected a row beside the baseline")
    figure = new_figure(0.75 + _ROW_INCHES * len(others))
    axes = figure.subplots()
    axes.axvline(0.0, color=GREY, linewidth=0.9, zorder=1)
    for place, row in enumerate(others):
        k = len(row.differences)
        heights = [place - 0.1 - _SEED_SPAN * (k - 1 - seed) / max(k - 1, 1) for seed in range(k)]
        tint, mark = colour(labels, row.candidate), marker(labels, row.candidate)
        axes.plot(row.differences, heights, mark, color=tint, alpha=0.8, markersize=3.8, markeredgewidth=0, zorder=2)
        level = place + 0.12
        axes.plot([row.difference], [level], "|", color=INK, markersize=8, markeredgewidth=1.6, zorder=4)
        if math.isnan(row.low):
            text = "undefined" if math.isnan(row.difference) else "no interval"
            axes.text(0, place + 0.34, text, fontsize=LETTERS_POINTS, color=GREY, ha="center", va="center")
        else:
            axes.plot([row.low, row.high], [level, level], color=INK, linewidth=1.3, solid_capstyle="butt", zorder=3)
    axes.set_yticks(range(len(others)), [row.candidate for row in others])
    axes.set_ylim(len(others) - 0.5, -0.5)
    first = others[0]
    axes.set_xlabel(f"difference to {first.baseline}, {first.unit}; {first.level:.0%} interval")
    axes.margins(x=0.08)
    axes.locator_params(axis="x", nbins=5)
    clean(axes)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure
