"""The figure of a comparison: every seed's value, and the difference to the baseline with its interval."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchbench.comparison.pairs.table import Comparison
from benchbench.core.hashing import fingerprint
from benchbench.core.installed import version
from benchbench.store.file_hashes import file_hash

if TYPE_CHECKING:  # imported where something is drawn, since that takes half a second
    from matplotlib.axes import Axes

_INK = "#222222"
_GREY = "#8a8a8a"
_POINT = "#4c78a8"
_MEAN = "#d1495b"
_SEED_SPAN = 0.17


def drawn_from(comparisons: Sequence[Comparison]) -> str:
    """Fingerprint of everything that a figure is drawn from: the rows, this module and matplotlib."""
    return fingerprint([list(map(repr, comparisons)), file_hash(Path(__file__)), version("matplotlib")])


def plot_comparison(comparisons: Sequence[Comparison]) -> bytes:
    """Draw one metric under one scoring as a PNG; equal comparisons give equal bytes on one machine.

    Args:
        comparisons: the rows of one (metric, scoring), the baseline first.

    Raises:
        ValueError: no rows, or rows of several metrics or scorings.
    """
    if len({(row.metric, row.scoring) for row in comparisons}) != 1:
        raise ValueError("expected the rows of one metric under one scoring")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(
        figsize=(9.0, 1.9 + 0.46 * len(comparisons)), dpi=150, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08)
    )
    canvas = FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    _draw_values(left, comparisons)
    _draw_differences(right, comparisons)
    for axes in (left, right):
        _clean(axes)
    left.set_yticks(range(len(comparisons)), [row.candidate for row in comparisons])
    left.set_ylim(len(comparisons) - 0.45, -0.55)
    first = comparisons[0]
    seeds = ("seeds " if len(first.seeds) > 1 else "seed ") + ", ".join(str(seed) for seed in first.seeds)
    title = f"{first.metric} under {first.scoring}   (n = {first.n} pairs; {seeds})"
    figure.suptitle(title, fontsize=11, color=_INK)
    target = io.BytesIO()
    canvas.print_png(target, metadata={"Software": None})
    return target.getvalue()


def _draw_values(axes: Axes, comparisons: Sequence[Comparison]) -> None:
    for place, row in enumerate(comparisons):
        _points(axes, row.values, row.mean, place)
    axes.set_title("value of each seed, and their mean", fontsize=9.5, color=_INK)
    axes.set_xlabel(comparisons[0].unit, fontsize=9)


def _draw_differences(axes: Axes, comparisons: Sequence[Comparison]) -> None:
    first = comparisons[0]
    axes.axvline(0.0, color=_GREY, linewidth=1.0, zorder=1)
    for place, row in enumerate(comparisons):
        if row.candidate == row.baseline:
            _remark(axes, "baseline", 0.0, place)
            continue
        _points(axes, row.differences, row.difference, place)
        if math.isnan(row.low):
            _remark(axes, "no interval", 0.0 if math.isnan(row.difference) else row.difference, place + 0.34)
        else:
            axes.plot([row.low, row.high], [place, place], color=_MEAN, linewidth=1.8, solid_capstyle="butt", zorder=3)
    axes.set_title(f"difference to {first.baseline}, {first.level:.0%} interval", fontsize=9.5, color=_INK)
    axes.set_xlabel(f"difference, {first.unit}", fontsize=9)


def _points(axes: Axes, values: Sequence[float], mean: float, place: int) -> None:
    """Seeds stand in the same order from top to bottom in every row, so that equal values stay apart."""
    k = len(values)
    heights = [place + _SEED_SPAN * (2 * seed / (k - 1) - 1) if k > 1 else place for seed in range(k)]
    axes.plot(values, heights, "o", color=_POINT, alpha=0.8, markersize=5.5, markeredgewidth=0, zorder=2)
    axes.plot([mean], [place], "|", color=_MEAN, markersize=17, markeredgewidth=2.2, zorder=4)


def _remark(axes: Axes, text: str, x: float, y: float) -> None:
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    axes.text(x, y, text, fontsize=8, color=_GREY, ha="center", va="center", bbox=paper, zorder=5)


def _clean(axes: Axes) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0, labelsize=9.5, colors=_INK)
    axes.tick_params(axis="x", labelsize=8.5, colors=_INK)
    axes.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.margins(x=0.09)
    axes.locator_params(axis="x", nbins=6)
