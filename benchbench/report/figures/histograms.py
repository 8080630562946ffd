"""Histograms of margins: a panel for each row, all over one scale, with the share of pairs in the wrong order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchbench.core.measurement import Array
from benchbench.report.figures.style import GREY, INK, LETTERS_POINTS, clean, colour, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 41
OUTERMOST = 0.005
"""Share of all margins on each side that is counted in the outermost bin."""
_PANEL_INCHES = 0.52


def edges_of(margins: Mapping[str, Array]) -> Array:
    """[BINS + 1] edges of bins that are the same for all rows; 0 is an edge, so that no bin mixes the two orders."""
    values = np.concatenate([*margins.values(), np.zeros(1)])
    finite = values[np.isfinite(values)]
    least, most = np.quantile(finite, [OUTERMOST, 1 - OUTERMOST])
    low, high = min(least, 0.0), max(most, 0.0)
    width = max(high - low, 1e-9) / (BINS - 1)
    below = int(np.ceil(-low / width))
    return width * (np.arange(BINS + 1) - below)


def draw_histograms(margins: Mapping[str, Array], labels: Sequence[str], *, unit: str) -> Figure:
    """The margins of all pairs of all seeds of each row.

    Args:
        margins: label -> [seeds times pairs] chosen minus rejected; what is not finite is left out.
        labels: of the whole comparison, which give the colours.
        unit: of the margins.
    """
    edges = edges_of(margins)
    figure = new_figure(0.5 + _PANEL_INCHES * len(margins))
    panels = figure.subplots(len(margins), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, (label, values) in zip(panels, margins.items(), strict=True):
        finite = values[np.isfinite(values)]
        inside = np.clip(finite, edges[0], np.nextafter(edges[-1], -np.inf))
        counts = np.histogram(inside, edges)[0] / max(len(finite), 1)
        axes.stairs(counts, edges, fill=True, color=colour(labels, label), alpha=0.85)
        axes.axvline(0, color=INK, linewidth=0.8)
        wrong = float((finite < 0).mean()) if len(finite) else float("nan")
        axes.set_title(f"{label}: {wrong:.0%} below 0", loc="left", color=INK, pad=2, fontsize=LETTERS_POINTS)
        clean(axes, grid="x")
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
    panels[-1].set_xlabel(f"margin (chosen minus rejected), {unit}")
    panels[-1].locator_params(axis="x", nbins=6)
    panels[-1].xaxis.label.set_color(INK)
    panels[-1].tick_params(labelsize=LETTERS_POINTS, color=GREY)
    return figure
