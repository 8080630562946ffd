"""Rounds for a reader: a row for each, with what it drew and kept, and what its policy answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import pandas as pd

from benchbench.comparison.stats.intervals import Interval
from benchbench.report import numbers

ROUNDS = "rounds: "
"""Beginning of the title of the table."""
NOT_MEASURED = "-"
COLUMNS = {
    "KL": "kl_k1",
    "oracle's score of draws": "oracle_score",
    "judge's score": "judge_score",
    "ended": "ended",
    "repetition": "repetition",
    "words": "words",
}
"""Column -> value that it shows, with four decimals."""


@dataclass(frozen=True, kw_only=True)
class RoundRow:
    """One round of one row, over its seeds."""

    label: str
    number: int
    """From 1."""
    seeds: tuple[int, ...]
    win: Interval | None
    """Win rate of its policy over the one that the first round starts from; none where nobody judged it."""
    win_of_baseline: Interval | None
    """Win rate over the comparison's baseline; none of rounds but the last, which is the row's policy."""
    values: Mapping[str, Sequence[float]]
    """Name -> [k] value of each seed; NaN where it was not measured."""
    departures: Sequence[str]
    """Aspects in which the policy left the range of the one that all start from."""


def rounds_title(start: str, baseline: str) -> str:
    """Title of the table.

    Args:
        start: label of the policy that the first round starts from.
        baseline: of the comparison.
    """
    return (
        f"{ROUNDS}what each drew and kept, means over seeds; win rates of its policy over {start or 'the start'} and, "
        f"of the last one, over {baseline}; the oracle's score is of the responses that the round drew, all else of "
        "answers to held-out prompts"
    )


def shown_rounds(rows: Sequence[RoundRow]) -> list[dict[str, str]]:
    """Rows for a reader; a round whose policy left the start's range is marked, and stays."""
    marked = any(row.departures for row in rows)
    return [
        {
            "method": row.label,
            "round": str(row.number),
            "win over start [95%]": _interval(row.win),
            "win over baseline [95%]": _interval(row.win_of_baseline),
            **{column: _value(row.values[name]) for column, name in COLUMNS.items()},
            "rows kept": f"{_count(row.values['rows'])} of {_count(row.values['groups'])}",
            "generated tokens": _count(row.values["generated_tokens"]),
            **({"marks": _mark(row)} if marked else {}),
        }
        for row in rows
    ]


def rounds_frame(rows: Sequence[RoundRow]) -> pd.DataFrame:
    """One tidy row per label, round and seed, and the win rates over all seeds beside each."""
    return pd.DataFrame(
        [
            {
                "label": row.label,
                "round": row.number,
                "seed": seed,
                **{name: values[place] for name, values in row.values.items()},
                **_bounds("win_over_start", row.win),
                **_bounds("win_over_baseline", row.win_of_baseline),
                "degenerate": "; ".join(row.departures),
            }
            for row in rows
            for place, seed in enumerate(row.seeds)
        ]
    )


def _mark(row: RoundRow) -> str:
    return f"degenerate: out of the start's range ({', '.join(row.departures)})" if row.departures else ""


def _interval(interval: Interval | None) -> str:
    return NOT_MEASURED if interval is None else numbers.interval(interval)


def _value(values: Sequence[float]) -> str:
    return numbers.number(fmean(values))


def _count(values: Sequence[float]) -> str:
    mean = fmean(values)
    return numbers.NOT_AVAILABLE if math.isnan(mean) else f"{mean:,.0f}"


def _bounds(name: str, interval: Interval | None) -> dict[str, float]:
    names = (name, f"{name}_low", f"{name}_high")
    if interval is None:
        return dict.fromkeys(names, math.nan)
    return dict(zip(names, (interval.mean, interval.low, interval.high), strict=True))
