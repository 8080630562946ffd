"""Lengths: where the middle half and nearly all of each row's answers lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchbench.core.measurement import Array
from benchbench.report.figures.style import INK, clean, colour, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_ROW_INCHES = 0.26


def draw_lengths(tokens: Mapping[str, Array], labels: Sequence[str], *, name: str) -> Figure:
    """A thin line from the 5 % to the 95 % quantile, a thick one over the middle half, and the median of each row.

    Args:
        tokens: row -> [n] lengths, at least one.
        labels: of the whole comparison, which give the colours.
        name: what is long, with its unit.
    """
    figure = new_figure(0.55 + _ROW_INCHES * len(tokens))
    axes = figure.subplots()
    for place, (label, values) in enumerate(tokens.items()):
        low, left, middle, right, high = np.quantile(values, QUANTILES)
        tint = colour(labels, label)
        axes.plot([low, high], [place, place], color=tint, linewidth=1.0, solid_capstyle="butt")
        axes.plot([left, right], [place, place], color=tint, linewidth=6.0, solid_capstyle="butt", alpha=0.75)
        axes.plot([middle], [place], "|", color=INK, markersize=8, markeredgewidth=1.5)
    axes.set_yticks(range(len(tokens)), list(tokens))
    axes.set_ylim(len(tokens) - 0.4, -0.6)
    axes.set_xlim(left=0)
    axes.set_xlabel(name)
    clean(axes)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure
