"""A metric with and without flagged pairs: computed from cells, shown below its table, written as tidy rows."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import pandas as pd

from benchbench import metrics as metric_room
from benchbench.comparison.pairs.flags import NAMES, FlaggedRow, count_flags, in_words
from benchbench.comparison.pairs.grid import ScoredCell
from benchbench.comparison.pairs.measure import measure_one
from benchbench.comparison.pairs.scorings import Pairs
from benchbench.comparison.pairs.table import Comparison
from benchbench.report import numbers
from benchbench.report.comparison import column_of


def flagged_rows(
    cells: Sequence[ScoredCell], comparisons: Sequence[Comparison], metric: str, scoring: str, *, tie_credit: float
) -> list[FlaggedRow]:
    """A row per label of one table, over all pairs whatever the recipe leaves out.

    Args:
        cells: those that were compared.
        comparisons: what came of it, with the labels in their order.
        metric: of the table.
        scoring: of the table.
        tie_credit: what a tied pair earns, in [0, 1].
    """
    by_place = {(cell.label, cell.seed): cell for cell in cells}
    rows = []
    for row in column_of(comparisons, metric, scoring):
        all_pairs = [by_place[row.candidate, seed].pairs() for seed in row.seeds]
        subsets = [(p, p.only(p.flags == ""), p.only(p.flags != "")) for p in all_pairs]
        every, unflagged, flagged = (
            tuple(_value(subset[which], metric, scoring, tie_credit) for subset in subsets) for which in range(3)
        )
        rows.append(
            FlaggedRow(
                metric=metric,
                scoring=scoring,
                candidate=row.candidate,
                n=len(all_pairs[0].examples),
                counts=count_flags(all_pairs[0].flags),
                every=every,
                unflagged=unflagged,
                flagged=flagged,
                unit=row.unit,
            )
        )
    return rows


def shown_flags(rows: Sequence[FlaggedRow]) -> tuple[str, list[dict[str, str]]] | None:
    """(what is flagged, the table), means over seeds; none where no pair is flagged."""
    if not any(row.n_flagged for row in rows):
        return None
    said = dict.fromkeys(in_words(row.counts, row.n) if row.counts else f"none (of {row.n})" for row in rows)
    title = f"flagged pairs: {'; '.join(said)}; {rows[0].metric} under {rows[0].scoring} with and without them"
    table = [
        {
            "method": row.candidate,
            "all pairs": f"{numbers.quantity(fmean(row.every), row.unit)} (n {row.n})",
            "without flagged": f"{numbers.quantity(fmean(row.unflagged), row.unit)} (n {row.n - row.n_flagged})",
            "flagged alone": f"{numbers.quantity(fmean(row.flagged), row.unit)} (n {row.n_flagged})",
        }
        for row in rows
    ]
    return title, table


def flags_frame(rows: Sequence[FlaggedRow], *, baseline: str, seeds: Sequence[int]) -> pd.DataFrame:
    """One row per label and subset of pairs, keyed like the rows of a comparison."""
    methods = " ".join(sorted({row.candidate for row in rows}))
    return pd.DataFrame(
        [
            {
                "methods": methods,
                "seeds": " ".join(map(str, seeds)),
                "baseline": baseline,
                "metric": row.metric,
                "scoring": row.scoring,
                "candidate": row.candidate,
                "subset": subset,
                "values": " ".join(map(repr, values)),
                "mean": fmean(values),
                "n": n,
                "unit": row.unit,
                **{"n_" + name.replace(" ", "_"): row.counts.get(name, 0) for name in NAMES},
            }
            for row in rows
            for subset, values, n in (
                ("all", row.every, row.n),
                ("unflagged", row.unflagged, row.n - row.n_flagged),
                ("flagged", row.flagged, row.n_flagged),
            )
        ]
    )


def _value(paired: Pairs, metric: str, scoring: str, tie_credit: float) -> float:
    return measure_one(paired, metric_room.get(metric), scoring, tie_credit=tie_credit).value
