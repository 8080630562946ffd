"""How far a policy went for what it gained: a number of each seed against its KL to the SFT policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from benchbench.report.figures.style import clean, colour, marker, new_figure, put_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT_INCHES = 2.3


def draw_against_kl(frame: pd.DataFrame, labels: Sequence[str], *, name: str) -> Figure:
    """One mark for each seed of each row.

    Args:
        frame: columns `label`, `kl` in nats per response, and `value`.
        labels: of the whole comparison, which give colours and marks.
        name: what the value is, with its unit.
    """
    there = [label for label in labels if label in set(frame["label"])]
    figure = new_figure(_HEIGHT_INCHES + 0.14 * -(-len(there) // 3))
    axes = figure.subplots()
    for label in there:
        points = frame[frame["label"] == label]
        axes.plot(
            points["kl"],
            points["value"],
            marker(labels, label),
            color=colour(labels, label),
            markersize=4.5,
            markeredgewidth=0,
            alpha=0.85,
            label=label,
        )
    axes.set_xlabel("KL to the SFT policy, nats per response")
    axes.set_ylabel(name)
    axes.margins(0.08)
    axes.locator_params(nbins=5)
    clean(axes, grid="both")
    put_legend(axes, len(there))
    return figure
