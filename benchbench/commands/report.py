"""Tables and figures of a comparison below results/<setting>/."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.comparison.columns import Comparison
from benchbench.comparison.plots import plot_comparison
from benchbench.comparison.rendering import column_of, markdown_table
from benchbench.comparison.tables import comparisons_frame
from benchbench.store.results import ResultStore

COMPARISON_KEY = ("methods", "seeds", "baseline")


def write_comparison(
    results: ResultStore,
    comparisons: Sequence[Comparison],
    tables: Sequence[tuple[str, str]],
    *,
    title: str,
    notice: str,
) -> list[str]:
    """Write comparisons.csv, report.md and one figure per shown table; returns the paths."""
    files = [results.merge_table("comparisons.csv", comparisons_frame(comparisons), key=COMPARISON_KEY)]
    parts = [f"# {title}", ""]
    if notice:
        parts += [f"> {notice}", ""]
    for metric, scoring in tables:
        name = f"{metric}_{scoring}.png"
        figure = results.folder / "figures" / name
        figure.parent.mkdir(parents=True, exist_ok=True)
        plot_comparison(column_of(comparisons, metric, scoring), figure)
        files.append(figure)
        parts += [markdown_table(comparisons, metric, scoring), f"![{metric}, {scoring}](figures/{name})", ""]
    files.append(results.write_report("\n".join(parts)))
    return [str(path) for path in files]
