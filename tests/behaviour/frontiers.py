"""What the frontiers of docs/behaviour.md share: one comparison, its tables kept, numbers in words, and the figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.cli.main import main
from benchbench.report.figures.frontier import draw_frontier
from benchbench.report.numbers import bounded, number
from benchbench.store.files import write_csv

ROOT = Path(__file__).parents[2]
FIGURES = ROOT / "docs" / "figures"
POINTS, MATCHED, LEDGER = "frontier.csv", "at_kl.csv", "ledger.csv"
INCHES, DPI = (6.4, 3.8), 150
Row = Mapping[Any, Any]
"""Column -> value."""


def run(command: Sequence[str], results: Path, folder: Path, files: Sequence[str]) -> None:
    """Compare, and keep tables of the comparison.

    Args:
        command: words of `bench`, without `--results`.
        results: where the comparison's own tables go.
        folder: where they are kept.
        files: their names.
    """
    code = main([*command, "--results", str(results)])
    assert code == 0, code
    (latest,) = results.glob("*/comparisons/latest")
    for name in files:
        rows = pd.read_csv(latest / name, dtype=str, keep_default_na=False)
        write_csv(folder / name, list(rows.columns), rows.to_dict("records"))


def read(path: Path) -> list[Row]:
    """The rows of a table that is kept."""
    return [*pd.read_csv(path).to_dict("records")]


def label_of(point: str) -> str:
    """The row that a point is of, without its round."""
    return point.partition(" round ")[0]


def win_rates(points: Sequence[Row], ledger: Sequence[Row]) -> Iterator[tuple[Row, str, list[Row]]]:
    """The win rate of every point, the row that it is of, and what that row took in each seed: nothing at the start."""
    for win in points:
        if win["quantity"] == "win_rate":
            label = label_of(win["point"])
            yield win, label, [row for row in ledger if row["label"] == label and win["curve"] != win["point"]]


def mean_of(rows: Sequence[Row], name: str) -> str:
    """The mean of a column of the ledger, in whole numbers; nothing of no rows."""
    return f"{sum(row[name] for row in rows) / len(rows):,.0f}" if rows else ""


def interval(row: Row, name: str, *, decimals: int = 2, text: Callable[..., str] = number) -> str:
    """A number with its interval."""
    ends = (row[f"{name}_low"], row[f"{name}_high"])
    return bounded(row[name], *ends, lambda value: text(value, decimals=decimals))


def draw(points: Path, path: Path, *, quantity: str, name: str, words: Mapping[str, str]) -> None:
    """The frontier, a curve for each method.

    Args:
        points: the table.
        path: of the picture.
        quantity: that is drawn.
        name: what it is called.
        words: curve -> what it is called.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    rows = [row for row in read(points) if row["quantity"] == quantity]
    named = pd.DataFrame([{**row, "curve": words.get(row["curve"], row["curve"])} for row in rows])
    start = {row["curve"]: row["point"] for row in rows if row["curve"] == row["point"]}
    named["point"] = [start.get(row["curve"], row["point"]) for row in rows]
    figure = draw_frontier(named, name=name)
    figure.set_size_inches(*INCHES)
    path.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_figure(str(path), dpi=DPI, metadata={"Software": None})
