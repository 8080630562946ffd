"""How figures look: half the width of a page, colours that the colour-blind tell apart, and a mark for each row too.

Colours are those of Okabe and Ito (2008, "Color Universal Design"), yellow left out, since it is hardly seen on white.
A row has its colour and its marker by its place among the labels, so that it looks alike in every figure, and no figure
depends on colours alone.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported where something is drawn, since that takes half a second
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_INCHES = 3.4
"""Half the width of a page, as a column of two; letters are then 7 points and more."""
INK = "#222222"
GREY = "#8a8a8a"
PALE = "#e6e6e6"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
DASHES = ("-", "--", ":", "-.")
LETTERS_POINTS = 7.0
FORMATS = ("svg", "pdf")


def colour(labels: Sequence[str], label: str) -> str:
    """The colour of a row; they repeat after seven rows, and markers after ten, so that no pair repeats before 70."""
    return COLOURS[_place(labels, label) % len(COLOURS)]


def marker(labels: Sequence[str], label: str) -> str:
    """The marker of a row."""
    return MARKERS[_place(labels, label) % len(MARKERS)]


def dash(labels: Sequence[str], label: str) -> str:
    """The dashes of a row's lines, which change where the colours begin again."""
    return DASHES[(_place(labels, label) // len(COLOURS)) % len(DASHES)]


def _place(labels: Sequence[str], label: str) -> int:
    return list(labels).index(label) if label in labels else len(labels)


def new_figure(height_inches: float) -> Figure:
    """An empty figure of half a page's width."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    pads = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03)
    return Figure(figsize=(WIDTH_INCHES, height_inches), layout=pads)


def clean(axes: Axes, *, grid: str = "x") -> None:
    """Axes without a frame, with a pale grid and letters that are read at half a page's width.

    Args:
        axes: to be made so.
        grid: `x`, `y`, `both`, or empty for none.
    """
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(labelsize=LETTERS_POINTS, colors=INK, length=2.5, color=GREY)
    axes.xaxis.label.set_fontsize(LETTERS_POINTS + 0.5)
    axes.yaxis.label.set_fontsize(LETTERS_POINTS + 0.5)
    if grid:
        axes.grid(axis=grid, color=PALE, linewidth=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)


def put_legend(axes: Axes, count: int) -> None:
    """A legend above the axes, in as many columns as fit."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=min(count, 3),
        fontsize=LETTERS_POINTS,
        frameon=False,
        handlelength=1.4,
        columnspacing=0.9,
        borderaxespad=0.2,
    )


def as_bytes(figure: Figure, form: str, *, name: str) -> bytes:
    """The figure as a vector graphic; equal figures give equal bytes on one machine.

    Args:
        figure: to be written.
        form: one of FORMATS.
        name: from which the ids within an SVG are made.
    """
    from matplotlib import rc_context

    target = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {"CreationDate": None, "Producer": None, "Creator": None}
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "path", "pdf.fonttype": 42}):
        figure.savefig(target, format=form, metadata=metadata)
    return target.getvalue()


def as_data_url(svg: bytes) -> str:
    """An SVG file as an address that holds it whole, for a page that reads nothing else."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
