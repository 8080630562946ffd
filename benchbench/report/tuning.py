"""The grid of one method for a reader: its table, the rule that chose, what limits the choice, and its curve."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchbench.report import markdown, numbers

if TYPE_CHECKING:  # imported where something is drawn, since that takes half a second
    from matplotlib.axes import Axes

_INK, _GREY, _POINT, _CHOSEN = "#222222", "#8a8a8a", "#4c78a8", "#d1495b"
_BROKEN = "diverged"


@dataclass(frozen=True)
class GridReport:
    """What is said of one method's grid."""

    label: str
    setting: str
    split: str
    metric: str
    scoring: str
    unit: str
    keys: tuple[str, ...]
    """Keys of the axes, as they head the columns."""
    seeds: tuple[int, ...]
    rows: Sequence[Mapping[str, Any]]
    """One per setting of the grid, in its order: axes, every seed's value, `mean`, `below best`, `se`, marks."""
    rule: str
    """What chooses, in words."""
    notes: tuple[str, ...]
    command: str

    @property
    def question(self) -> str:
        """What the grid answers."""
        return (
            f"which {' and '.join(self.keys)} for {self.label} on {self.setting}, by {self.metric} under {self.scoring}"
        )

    @property
    def answer(self) -> str:
        """The choice, in one sentence."""
        chosen = next((row for row in self.rows if row["chosen"]), None)
        if chosen is None:
            return "No value was chosen: training diverged under every one of them."
        values = ", ".join(f"{key} {_shown(chosen[key])}" for key in self.keys)
        return f"{values}: {numbers.quantity(float(chosen['mean']), self.unit)} on split {self.split}."


def grid_document(report: GridReport, figure: str) -> str:
    """The page: question, answer, table, rule, notes and the command that makes it again; ends with a newline.

    Args:
        report: of one method.
        figure: name of its curve, beside the page.
    """
    notes = [f"- rule: {report.rule}", *(f"- {note}" for note in report.notes)]
    return "\n".join(
        [
            f"# {report.question[0].upper()}{report.question[1:]}",
            "",
            report.answer,
            "",
            markdown.records([_cells(report, row) for row in report.rows]),
            "",
            *notes,
            "- below best: paired with the best of the grid by seed and prompt; se: standard error of that difference",
            "",
            f"![every seed's value, and their mean, at each value of the grid]({figure})",
            "",
            f"    {report.command}",
            "",
        ]
    )


def _cells(report: GridReport, row: Mapping[str, Any]) -> dict[str, str]:
    names = ("mean", "below best", "se")
    return {
        **{key: _shown(row[key]) for key in report.keys},
        **{f"seed {seed}": numbers.quantity(float(row[f"seed {seed}"]), report.unit) for seed in report.seeds},
        **{name: numbers.quantity(float(row[name]), report.unit) for name in names},
        "": "; ".join(str(row[name]) for name in ("chosen", "widened", "diverged") if row[name]),
    }


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def plot_grid(report: GridReport) -> bytes:
    """Draw every seed's value and their mean at each value of the grid as a PNG; equal grids give equal bytes.

    One axis of positive numbers is drawn to scale, by ratios; anything else in the order of the grid.

    Args:
        report: of one method.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), dpi=150, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    places = _places(report)
    _draw(axes, report, places)
    axes.set_xticks(places, [_tick(report, row) for row in report.rows], fontsize=8)
    axes.minorticks_off()
    axes.set_xlabel(", ".join(report.keys), fontsize=9)
    axes.set_ylabel(f"{report.metric}, {report.unit}", fontsize=9)
    axes.set_title(f"{report.label} on split {report.split}, seeds {', '.join(map(str, report.seeds))}", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    axes.tick_params(labelsize=8.5, colors=_INK)
    figure.legend(loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    target = io.BytesIO()
    canvas.print_png(target, metadata={"Software": None})
    return target.getvalue()


def _draw(axes: Axes, report: GridReport, places: Sequence[float]) -> None:
    if _is_to_scale(report):
        axes.set_xscale("log")
    axes.set_xlim(*_limits(report, places))
    means = [float(row["mean"]) for row in report.rows]
    ses = [float(row["se"]) for row in report.rows]  # no bar where it is undefined, as for the best
    for place, row in zip(places, report.rows, strict=True):
        values = [float(row[f"seed {seed}"]) for seed in report.seeds]
        axes.plot([place] * len(values), values, "o", color=_POINT, alpha=0.5, markersize=4, markeredgewidth=0)
        if row["diverged"]:
            axes.annotate(
                _BROKEN, (place, 0.02), xycoords=("data", "axes fraction"), fontsize=8, color=_GREY, ha="center"
            )
    bars = "mean"
    if any(map(math.isfinite, ses)):
        bars += "; bar: one standard error of the difference to the best"
    axes.errorbar(places, means, yerr=ses, color=_INK, linewidth=1.2, marker="_", capsize=2, label=bars)
    chosen = [(place, mean) for place, mean, row in zip(places, means, report.rows, strict=True) if row["chosen"]]
    if chosen:
        axes.plot(*zip(*chosen, strict=True), "D", color=_CHOSEN, markersize=7, label="chosen", zorder=5)


def _is_to_scale(report: GridReport) -> bool:
    values = [row[report.keys[0]] for row in report.rows]
    return len(report.keys) == 1 and all(type(value) in (int, float) and value > 0 for value in values)


def _places(report: GridReport) -> list[float]:
    """[settings] where each stands along the axis."""
    if _is_to_scale(report):
        return [float(row[report.keys[0]]) for row in report.rows]
    return [float(place) for place in range(len(report.rows))]


def _limits(report: GridReport, places: Sequence[float]) -> tuple[float, float]:
    """Ends of the horizontal axis, with room beside the first and the last value."""
    low, high = min(places), max(places)
    return (low / 1.5, high * 1.5) if _is_to_scale(report) else (low - 0.5, high + 0.5)


def _tick(report: GridReport, row: Mapping[str, Any]) -> str:
    return "\n".join(_shown(row[key]) for key in report.keys)
