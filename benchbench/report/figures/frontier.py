"""The frontier: what policies gained against how far they went, a curve for each method, with intervals over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchbench.report.figures.style import GREY, clean, colour, dash, marker, new_figure, put_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEIGHT_INCHES = 2.5
_SPANS = 0.5
"""How far beyond the outermost means an axis shows intervals, in spans of the means."""
_REACHES = 3
"""The same in reaches of the median interval; the longer of both holds."""
_MARGIN = 0.06


def draw_frontier(points: pd.DataFrame, *, name: str) -> Figure:
    """A line through the means of every curve's points, by their KL, and bars for the intervals of both coordinates.

    Args:
        points: of one quantity: columns `curve`, `point`, and `kl` and `value`, each with `_low` and `_high`; NaN where
            there is no interval. A curve of one point is a mark alone. The rows whose curve is the point itself and
            whose KL is 0 are where all start.
        name: what the value is, with its unit.

    All means are shown. An interval that is far longer than most would leave them a corner of the figure: it is cut at
    the edge, with an arrow that says that it goes on.
    """
    curves = list(dict.fromkeys(points["curve"]))
    start = [curve for curve in curves if (points.loc[points["curve"] == curve, "kl"] == 0).all()]
    figure = new_figure(_HEIGHT_INCHES + 0.14 * -(-len(curves) // 3))
    axes = figure.subplots()
    for curve in curves:
        rows = points.loc[points["curve"] == curve].sort_values("kl", kind="stable")
        if curve in start:
            _draw_start(axes, rows, curve)
        else:
            _draw_curve(axes, rows, [name for name in curves if name not in start], curve)
    axes.set_xlabel("KL to the start, nats per response")
    axes.set_ylabel(name)
    windows = {which: _window(points, which) for which in ("kl", "value")}
    axes.set_xlim(*windows["kl"])
    axes.set_ylim(*windows["value"])
    _mark_cut(axes, points, windows, curves, start)
    axes.locator_params(nbins=5)
    clean(axes, grid="both")
    put_legend(axes, len(curves))
    return figure


def _draw_curve(axes: Axes, rows: pd.DataFrame, curves: Sequence[str], curve: str) -> None:
    axes.errorbar(
        rows["kl"],
        rows["value"],
        xerr=_reach(rows, "kl"),
        yerr=_reach(rows, "value"),
        fmt=marker(curves, curve),
        color=colour(curves, curve),
        linestyle=dash(curves, curve) if len(rows) > 1 else "none",
        linewidth=1.1,
        elinewidth=0.6,
        capsize=1.5,
        markersize=4,
        markeredgewidth=0,
        label=curve,
    )


def _draw_start(axes: Axes, rows: pd.DataFrame, curve: str) -> None:
    """Where all start: a grey mark, and a line at its value."""
    axes.axhline(float(rows["value"].iloc[0]), color=GREY, linewidth=0.7, linestyle=(0, (1, 3)))
    axes.errorbar(
        rows["kl"],
        rows["value"],
        yerr=_reach(rows, "value"),
        fmt="*",
        color=GREY,
        linestyle="none",
        elinewidth=0.6,
        markersize=6,
        label=f"{curve} (start)",
    )


def _reach(rows: pd.DataFrame, name: str) -> list[list[float]]:
    """[2, m] how far intervals go below and above; 0 where there is none."""
    low = (rows[name] - rows[f"{name}_low"]).fillna(0).clip(lower=0)
    high = (rows[f"{name}_high"] - rows[name]).fillna(0).clip(lower=0)
    return [low.tolist(), high.tolist()]


def _window(points: pd.DataFrame, name: str) -> tuple[float, float]:
    """What an axis shows: every mean, and every interval's end that is not far beyond the outermost means."""
    means = points[name].to_numpy(float)
    ends = points[[f"{name}_low", f"{name}_high"]].to_numpy(float)
    reaches = np.abs(ends - means[:, None])
    usual = float(np.median(reaches[np.isfinite(reaches)])) if np.isfinite(reaches).any() else 0.0
    far = max(_SPANS * float(np.ptp(means)), _REACHES * usual)
    near = ends[(ends >= means.min() - far) & (ends <= means.max() + far)]
    least, most = (float(bound) for bound in (np.r_[means, near].min(), np.r_[means, near].max()))
    margin = _MARGIN * ((most - least) or 1.0)
    return least - margin, most + margin


def _mark_cut(
    axes: Axes,
    points: pd.DataFrame,
    windows: Mapping[str, tuple[float, float]],
    curves: Sequence[str],
    start: Sequence[str],
) -> None:
    """An arrow at the edge where an interval goes on beyond it."""
    drawn = [curve for curve in curves if curve not in start]
    for row in points.to_dict("records"):
        for name, (low_arrow, high_arrow) in {"kl": "<>", "value": "v^"}.items():
            if name == "kl" and row["curve"] in start:
                continue  # all start at 0, without an interval
            ends = (row[f"{name}_low"], row[f"{name}_high"])
            for arrow, edge, beyond in (
                (low_arrow, windows[name][0], ends[0] < windows[name][0]),
                (high_arrow, windows[name][1], ends[1] > windows[name][1]),
            ):
                if beyond:
                    x, y = (edge, row["value"]) if name == "kl" else (row["kl"], edge)
                    tint = GREY if row["curve"] in start else colour(drawn, row["curve"])
                    axes.plot([x], [y], arrow, color=tint, markersize=5, markeredgewidth=0, clip_on=False, zorder=5)
