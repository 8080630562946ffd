"""Calibration: how often pairs are in order, against the probability that the model itself gave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchbench.core.measurement import Array
from benchbench.report.figures.style import GREY, clean, colour, dash, marker, new_figure, put_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 10
FEWEST = 10
"""Pairs of a bin that has a mark; a rate of fewer says nothing."""


@dataclass(frozen=True)
class Reliability:
    """Pairs by the model's probability of the order that it prefers, in bins of equal width from 1/2 to 1."""

    confidence: Array
    """[bins] mean probability of the preferred order; NaN where the bin is empty."""
    accuracy: Array
    """[bins] share of pairs whose preferred order is the data's; a tie is half a pair."""
    pairs: Array
    """[bins] number of pairs."""


def reliability(probability: Array) -> Reliability:
    """The bins of one row.

    Args:
        probability: [n] the model's own that the chosen response is the better one; NaN is left out.
    """
    known = probability[np.isfinite(probability)]
    confidence, right = np.maximum(known, 1 - known), np.where(known == 0.5, 0.5, known > 0.5)
    place = np.minimum(((confidence - 0.5) * 2 * BINS).astype(int), BINS - 1)
    pairs = np.bincount(place, minlength=BINS)
    sums = [np.bincount(place, weights=weights, minlength=BINS) for weights in (confidence, right)]
    means = [np.divide(total, pairs, out=np.full(BINS, np.nan), where=pairs > 0) for total in sums]
    return Reliability(means[0], means[1], pairs)


def draw_calibration(rows: Mapping[str, Reliability], labels: Sequence[str]) -> Figure:
    """One line for each row; on the diagonal the model is right as often as it says.

    Bins of fewer than ten pairs have no mark.
    """
    figure = new_figure(2.5 + 0.14 * -(-len(rows) // 3))
    axes = figure.subplots()
    axes.plot([0.5, 1], [0.5, 1], color=GREY, linewidth=0.8, zorder=1)
    for label, row in rows.items():
        enough = row.pairs >= FEWEST
        axes.plot(
            row.confidence[enough],
            row.accuracy[enough],
            dash(labels, label),
            marker=marker(labels, label),
            color=colour(labels, label),
            markersize=3.5,
            linewidth=0.9,
            label=label,
        )
    axes.set_xlabel("probability that the model gives the order it prefers")
    axes.set_ylabel("share of pairs where the data agree")
    axes.set_xlim(0.49, 1.01)
    axes.set_ylim(top=1.02)
    clean(axes, grid="both")
    put_legend(axes, len(rows))
    return figure
