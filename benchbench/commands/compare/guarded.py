"""The degeneration guard over a comparison: marks and notes on rows that left the start's range, what is unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import pandas as pd

from benchbench.commands.compare.win_rates import Samples
from benchbench.comparison.degeneration import CHOSEN, Guarded, guard, is_ahead
from benchbench.comparison.pairs.table import Comparison

OUT_OF_RANGE = "out of its range"
"""What the mark of a row says that left the start's range."""


@dataclass(frozen=True)
class GuardReport:
    """What became of every row, compared with the policy that all start from."""

    start: str
    """Label of that policy; empty where it has no row."""
    rows: Mapping[str, Guarded]
    """Label -> what left the start's range, and what was not measured."""
    ahead: Sequence[str]
    """Rows that left it and are better than the start in the headline metric."""

    def lines(self) -> list[str]:
        """What was not measured, and whom that concerns; empty where everything was."""
        by_aspects: dict[tuple[str, ...], list[str]] = {}
        for label, row in self.rows.items():
            if row.unmeasured:
                by_aspects.setdefault(row.unmeasured, []).append(label)
        return [
            f"degeneration: not measured of {'any row' if len(labels) == len(self.rows) else ', '.join(labels)}, so "
            f"nothing is said of it: {', '.join(aspects)}"
            for aspects, labels in by_aspects.items()
        ]

    def records(self) -> list[dict[str, object]]:
        """A row for every departure, for a table."""
        return [
            {"method": label, "what": departure.text, f"better than {self.start} on pairs": label in self.ahead}
            for label, row in self.rows.items()
            for departure in row.departures
        ]

    def as_values(self) -> dict[str, object]:
        """All of it for a program, by label."""
        return {
            label: {
                "start": self.start,
                "ahead_of_start": label in self.ahead,
                "departures": [asdict(departure) | {"text": departure.text} for departure in row.departures],
                "not_measured": list(row.unmeasured),
            }
            for label, row in self.rows.items()
        }


def guarded(
    comparisons: Sequence[Comparison], samples: Samples | None, *, headline: tuple[str, str], start: str
) -> tuple[list[Comparison], Samples | None, GuardReport]:
    """Mark what left the start's range, in the tables of pairs and in those of responses.

    Args:
        comparisons: every metric of every row.
        samples: what responses are like; none where none were drawn.
        headline: metric and scoring in which a row is ahead of the start or not, for the report.
        start: label of the policy that all start from; empty where it has no row.
    """
    rows = guard(_statistics(comparisons, None if samples is None else samples.statistics), start)
    of_start = {(row.metric, row.scoring): row.values for row in comparisons if row.candidate == start}

    def better(row: Comparison) -> bool:
        return is_ahead(row.values, of_start.get((row.metric, row.scoring), ()), row.direction)

    out = {label: row for label, row in rows.items() if row.departures}
    marked = [
        _marked(row, out[row.candidate], start, ahead=better(row)) if row.candidate in out else row
        for row in comparisons
    ]
    first = {row.candidate: row for row in marked if (row.metric, row.scoring) == headline}
    ahead = tuple(label for label in out if label in first and better(first[label]))
    if samples is not None:
        samples = replace(samples, marks={**samples.marks, **{label: row.marks for label, row in first.items()}})
    return marked, samples, GuardReport(start, rows, ahead)


def _marked(row: Comparison, of: Guarded, start: str, *, ahead: bool) -> Comparison:
    """The row with a mark in words, and what it means in its note."""
    said = f"better than {start} on pairs, but" if ahead else f"started from {start} and is"
    mark = f"{said} {OUT_OF_RANGE} ({', '.join(of.aspects)})"
    note = f"{said} {OUT_OF_RANGE}: {', '.join(departure.text for departure in of.departures)}"
    notes = (row.note, note)
    return replace(row, marks=(*row.marks, mark), note="; ".join(part for part in notes if part))


def _statistics(
    comparisons: Sequence[Comparison], responses: pd.DataFrame | None
) -> dict[str, dict[str, Sequence[float]]]:
    """Label -> statistic -> [k] its value of each seed."""
    rows: dict[str, dict[str, Sequence[float]]] = {row.candidate: {} for row in comparisons}
    for row in comparisons:
        if (row.metric, row.scoring) == ("chosen_mean", "logp_mean"):
            rows[row.candidate][CHOSEN] = row.values
    if responses is not None and len(responses):
        for label, of_label in responses.groupby("method", sort=False):
            for name, group in of_label.groupby("metric", sort=False):
                rows.setdefault(str(label), {})[str(name)] = group.sort_values("seed")["value"].tolist()
    return rows
