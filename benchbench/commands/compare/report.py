"""Tables and figures of a comparison below results/<setting>/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchbench.commands.compare.win_rates import Samples
from benchbench.comparison.pairs.flags import FlaggedRow
from benchbench.comparison.pairs.table import Comparison
from benchbench.report import markdown
from benchbench.report.comparison import column_of, markdown_table
from benchbench.report.figures.comparison import drawn_from, plot_comparison
from benchbench.report.flags import flags_frame, shown_flags
from benchbench.report.frames import comparisons_frame
from benchbench.report.win_rates import interval_frame, win_rate_frame
from benchbench.store.files import write_bytes
from benchbench.store.results import ResultStore

COMPARISON_KEY = ("methods", "seeds", "baseline", "overrides")
RESPONSES_KEY = ("methods", "seeds", "overrides", "prompts", "prompts_hash", "generate_hash")
WIN_RATES_KEY = (*RESPONSES_KEY, "judge_hash")
FLAGGED = "flagged.csv"
"""A metric with and without flagged pairs; written where there are any."""


@dataclass(frozen=True)
class About:
    """What a report says about how it was made."""

    title: str
    command: str
    """The command line that made it, without what is one machine's own."""
    notice: str = ""
    """Of the setting."""
    budgets: Sequence[str] = ()
    """What differs between rows, and what left the start's range, a line each."""
    overrides: str = ""
    """Of the whole comparison, sorted; empty for a plain one."""
    beside: Sequence[tuple[str, list[dict[str, str]]]] = ()
    """(title, rows) of the tables that stand under all others: frontier, equal KL, ledger."""

    @property
    def tail(self) -> list[str]:
        """Lines of a document under its tables."""
        return [part for title, rows in self.beside for part in markdown.titled(title, rows)]

    @property
    def head(self) -> list[str]:
        """Lines of a document above its tables."""
        notice = [f"> {self.notice}", ""] if self.notice else []
        remarks = [*markdown.quoted(self.budgets), ""] if self.budgets else []
        return [f"Made by `{self.command}`.", "", *notice, *remarks]


def write_comparison(
    results: ResultStore,
    comparisons: Sequence[Comparison],
    tables: Sequence[tuple[str, str]],
    *,
    flagged: Sequence[Sequence[FlaggedRow]],
    about: About,
) -> list[str]:
    """Write comparisons.csv, flagged.csv, report.md and one figure per shown table; returns the paths.

    `flagged` goes with `tables`, one by one.
    """
    frame = comparisons_frame(comparisons, overrides=about.overrides)
    files = [results.merge_table("comparisons.csv", frame, key=COMPARISON_KEY)]
    rows = [row for table in flagged for row in table]
    if any(row.n_flagged for row in rows) or (results.folder / FLAGGED).is_file():
        frame = flags_frame(rows, baseline=comparisons[0].baseline, seeds=comparisons[0].seeds)
        frame["overrides"] = about.overrides
        files.append(results.merge_table(FLAGGED, frame, key=COMPARISON_KEY))
    parts = [f"# {about.title}", "", *about.head]
    for (metric, scoring), flags in zip(tables, map(shown_flags, flagged), strict=True):
        name = f"{metric}_{scoring}.png"
        files.append(_write_figure(results, f"figures/{name}", column_of(comparisons, metric, scoring), about))
        parts.append(markdown_table(comparisons, metric, scoring))
        if flags is not None:
            parts += [flags[0], "", markdown.records(flags[1]), ""]
        parts += [f"![{metric}, {scoring}](figures/{name})", ""]
    files.append(results.write_report("\n".join([*parts, *about.tail])))
    results.own(files[-1], command=about.command)
    return [str(path) for path in files]


def _write_figure(results: ResultStore, name: str, rows: Sequence[Comparison], about: About) -> Path:
    """Draw a figure, unless it is there and drawn from equal rows."""
    figure, made_from = results.folder / name, drawn_from(rows)
    if not results.is_as_made(name, made_from):
        write_bytes(figure, plot_comparison(rows))
    results.own(figure, command=about.command, made_from=made_from)
    return figure


def figures_of(comparisons: Sequence[Comparison], tables: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Name below the folder of results -> what it is drawn from, of the figure of every table to show."""
    return {f"figures/{m}_{s}.png": drawn_from(column_of(comparisons, m, s)) for m, s in tables}


def write_samples(
    samples: Samples, results: ResultStore, *, methods: Sequence[str], seeds: Sequence[int], about: About
) -> list[str]:
    """win_rates.csv, win_rate_intervals.csv, responses.csv and their report; returns the paths."""
    identity = {
        "methods": " ".join(sorted(methods)),
        "seeds": " ".join(map(str, seeds)),
        "overrides": about.overrides,
        "prompts": samples.prompts,
        "prompts_hash": samples.prompts_hash,
        "generate_hash": samples.generate_hash,
        "temperature": samples.temperature,
    }
    files = []
    if samples.rows:
        judged = {**identity, "judge_hash": samples.judge_hash}
        tables = {
            "win_rates.csv": win_rate_frame(samples.rows),
            "win_rate_intervals.csv": interval_frame(samples.rows, samples.ratings),
        }
        for name, frame in tables.items():
            files.append(results.merge_table(name, _tagged(frame, judged, samples.marks), key=WIN_RATES_KEY))
    files.append(
        results.merge_table("responses.csv", _tagged(samples.statistics, identity, samples.marks), key=RESPONSES_KEY)
    )
    parts = about.head
    parts += [f"every row: {'; '.join(samples.shared_marks)}", ""] if samples.shared_marks else []
    parts += [part for title, rows in samples.tables() for part in markdown.titled(title, rows)]
    files.append(results.write_report("\n".join([*parts, *about.tail]), name="win_rates.md"))
    results.own(files[-1], command=about.command)
    return [str(path) for path in files]


def _tagged(frame: pd.DataFrame, identity: dict[str, str], marks: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    tagged = pd.concat([pd.DataFrame([identity] * len(frame)), frame.reset_index(drop=True)], axis=1)
    return tagged.assign(marks=["; ".join(marks.get(label, ())) for label in tagged["method"]])
