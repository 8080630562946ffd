"""Who wins against whom: a square of win rates, blue above one half and orange below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchbench.report.figures.style import GREY, INK, LETTERS_POINTS, clean, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CELL_INCHES = 0.34
_MOST_WITH_NUMBERS = 9
"""Rows or columns up to which the numbers stand in the squares."""


def draw_win_matrix(rates: Mapping[tuple[str, str], float], rows: Sequence[str], columns: Sequence[str]) -> Figure:
    """The win rate of each row against each column.

    Args:
        rates: (row, column) -> win rate in [0, 1]; what is missing or NaN stays empty.
        rows: labels from top to bottom.
        columns: opponents from left to right.
    """
    from matplotlib.colors import LinearSegmentedColormap

    values = np.array([[rates.get((row, column), np.nan) for column in columns] for row in rows], dtype=float)
    figure = new_figure(1.0 + _CELL_INCHES * len(rows))
    axes = figure.subplots()
    scale = LinearSegmentedColormap.from_list("rates", ["#D55E00", "#ffffff", "#0072B2"])
    axes.set_facecolor("#f2f2f2")  # of what is missing, which is drawn as nothing
    image = axes.imshow(np.ma.masked_invalid(values), cmap=scale, vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(columns)), list(columns), rotation=30 if max(map(len, columns)) > 6 else 0, ha="center")
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set_xlabel("opponent")
    clean(axes, grid="")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    if max(len(rows), len(columns)) <= _MOST_WITH_NUMBERS:
        for (row, column), value in np.ndenumerate(values):
            is_known = not np.isnan(value)
            ink = "white" if is_known and abs(value - 0.5) > 0.35 else INK if is_known else GREY
            text = f"{value:.2f}" if is_known else "-"
            axes.text(column, row, text, ha="center", va="center", fontsize=LETTERS_POINTS, color=ink)
    bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02, ticks=[0, 0.5, 1])
    bar.ax.tick_params(labelsize=LETTERS_POINTS, length=2)
    bar.outline.set_visible(False)  # type: ignore[operator]
    return figure
