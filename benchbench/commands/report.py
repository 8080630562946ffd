"""Tables and figures of a comparison below results/<setting>/."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.comparison.audit import markdown
from benchbench.comparison.columns import Comparison
from benchbench.comparison.flag_tables import flags_frame, shown_flags
from benchbench.comparison.flags import FlaggedRow
from benchbench.comparison.plots import plot_comparison
from benchbench.comparison.rendering import column_of, markdown_table
from benchbench.comparison.tables import comparisons_frame
from benchbench.store.results import ResultStore

COMPARISON_KEY = ("methods", "seeds", "baseline")
FLAGGED = "flagged.csv"
"""A metric with and without flagged pairs; written where there are any."""


def write_comparison(
    results: ResultStore,
    comparisons: Sequence[Comparison],
    tables: Sequence[tuple[str, str]],
    *,
    flagged: Sequence[Sequence[FlaggedRow]],
    title: str,
    notice: str,
) -> list[str]:
    """Write comparisons.csv, flagged.csv, report.md and one figure per shown table; returns the paths.

    `flagged` goes with `tables`, one by one.
    """
    files = [results.merge_table("comparisons.csv", comparisons_frame(comparisons), key=COMPARISON_KEY)]
    rows = [row for table in flagged for row in table]
    if any(row.n_flagged for row in rows) or (results.folder / FLAGGED).is_file():
        frame = flags_frame(rows, baseline=comparisons[0].baseline, seeds=comparisons[0].seeds)
        files.append(results.merge_table(FLAGGED, frame, key=COMPARISON_KEY))
    parts = [f"# {title}", ""]
    if notice:
        parts += [f"> {notice}", ""]
    for (metric, scoring), about in zip(tables, map(shown_flags, flagged), strict=True):
        name = f"{metric}_{scoring}.png"
        figure = results.folder / "figures" / name
        figure.parent.mkdir(parents=True, exist_ok=True)
        plot_comparison(column_of(comparisons, metric, scoring), figure)
        files.append(figure)
        parts.append(markdown_table(comparisons, metric, scoring))
        if about is not None:
            parts += [about[0], "", markdown(about[1]), ""]
        parts += [f"![{metric}, {scoring}](figures/{name})", ""]
    files.append(results.write_report("\n".join(parts)))
    return [str(path) for path in files]
