"""Training curves: one panel for each quantity, one line for each run of each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from benchbench.report.figures.style import INK, LETTERS_POINTS, clean, colour, dash, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANEL_INCHES = 1.15


def draw_curves(
    frame: pd.DataFrame, quantities: Sequence[str], labels: Sequence[str], *, reported: pd.DataFrame | None = None
) -> Figure:
    """Logged quantities over optimizer steps.

    Args:
        frame: columns `label`, `run`, `step`, `quantity` and `value`.
        quantities: one panel each, from top to bottom.
        labels: of the whole comparison, which give the colours.
        reported: `label` and `value` of mean losses that were reported for rows, drawn as thin lines in the panel
            `loss`; none where there are none.
    """
    logged = list(dict.fromkeys(frame["label"]))
    there = [label for label in dict.fromkeys([*labels, *logged]) if label in logged]
    legend_rows = -(-len(there) // 3)
    figure = new_figure(0.45 + 0.14 * legend_rows + _PANEL_INCHES * len(quantities))
    panels = figure.subplots(len(quantities), 1, sharex=True, squeeze=False)[:, 0]
    for axes, quantity in zip(panels, quantities, strict=True):
        of_quantity = frame.loc[frame["quantity"] == quantity].sort_values("step", kind="stable")
        for label in there:
            of_label = of_quantity.loc[of_quantity["label"] == label]
            for number, run in enumerate(dict.fromkeys(of_label["run"])):
                line = of_label.loc[of_label["run"] == run]
                axes.plot(
                    line["step"],
                    line["value"],
                    dash(labels, label),
                    color=colour(labels, label),
                    linewidth=0.9,
                    alpha=0.8,
                    label=None if number else label,
                )
        if quantity == "loss" and reported is not None:
            for label, value in zip(reported["label"], reported["value"], strict=True):
                axes.axhline(value, color=colour(labels, label), linewidth=0.7, linestyle=(0, (1, 3)))
        axes.set_title(quantity, loc="left", color=INK, pad=2, fontsize=LETTERS_POINTS + 0.5)
        axes.locator_params(axis="y", nbins=4)
        clean(axes, grid="both")
    panels[-1].set_xlabel("optimizer step")
    panels[-1].locator_params(axis="x", nbins=5)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside upper left", ncols=3, fontsize=LETTERS_POINTS, frameon=False, handlelength=1.6
    )
    return figure
