"""Win rates as tidy rows and as rows for a reader, with everything that must stand beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

import pandas as pd

from benchbench.comparison.stats.intervals import Interval
from benchbench.comparison.win_rates.against import REWARD_METRICS, Against, WinRateValue, holm_over_opponents
from benchbench.comparison.win_rates.bradley_terry import Ratings
from benchbench.comparison.win_rates.detectable import FARTHEST, detectable_rate
from benchbench.report import numbers

LEGEND = "MDD: distance from one half that is found with 80 % power, with 80 % confidence, before any correction"
"""What a win-rate table says of its minimum detectable differences."""
EVERYONE = "all others"
"""The opponent of a rating."""


def win_rate_frame(rows: Sequence[Against]) -> pd.DataFrame:
    """One tidy row per label, opponent, seed and metric; aggregates are derived, never stored among seeds."""
    return pd.DataFrame([_value_row(row, value) for row in rows for value in row.values()])


def _value_row(row: Against, of_seed: WinRateValue) -> dict[str, object]:
    run = row.raw.runs[of_seed.place]
    return {
        "method": row.label,
        "opponent": row.opponent,
        "judge": row.judge,
        "seed": of_seed.seed,
        "metric": of_seed.metric,
        "value": of_seed.value,
        "se": of_seed.se,
        "n": run.prompts,
        "unit": REWARD_METRICS.get(of_seed.metric, "fraction"),
        "wins": run.wins,
        "ties": run.ties,
        "losses": run.losses,
        "missing": run.missing,
        "bound_low": run.bounds[0] if run.bounds else math.nan,
        "bound_high": run.bounds[1] if run.bounds else math.nan,
        "first_bias": run.first_bias,
        "consistency": run.consistency,
        "length": run.length,
        "opponent_length": run.opponent_length,
        "near_equal_contests": row.controlled.support.near,
        "near_equal_win_rate": row.controlled.support.near_win_rate,
        "note": "; ".join(dict.fromkeys(part for part in (run.note, of_seed.note) if part)),
    }


def interval_frame(rows: Sequence[Against], ratings: Ratings | None) -> pd.DataFrame:
    """One tidy row per label, opponent and metric over all seeds: mean, interval, test, what it could have found."""
    tidy_rows = []
    for row, adjusted in zip(rows, holm_over_opponents(rows), strict=True):
        for metric, interval in row.intervals().items():
            tidy = _interval_row(row.label, row.opponent, row.judge, metric, interval, row.raw.seeds)
            tidy_rows.append(tidy | {"p_holm": adjusted if metric == "win_rate" else math.nan})
    if ratings is not None:
        judge = rows[0].judge if rows else ""
        for label in ratings.labels:
            for metric, interval in (("rating", ratings.rating(label)), ("expected_win_rate", ratings.win_rate(label))):
                tidy = _interval_row(label, EVERYONE, judge, metric, interval, ratings.seeds)
                tidy_rows.append(tidy | {"p_holm": math.nan})
    return pd.DataFrame(tidy_rows)


_LOG_ODDS = ("length_effect", "rating")


def _interval_row(
    label: str, opponent: str, judge: str, metric: str, interval: Interval, seeds: Sequence[int]
) -> dict[str, object]:
    detectable = detectable_rate(metric, interval)
    return {
        "method": label,
        "opponent": opponent,
        "judge": judge,
        "metric": metric,
        "mean": interval.mean,
        "low": interval.low,
        "high": interval.high,
        "level": interval.level,
        "se": interval.se,
        "df": interval.df,
        "p": interval.p,
        "minimum_detectable_difference": detectable.assured,
        "mdd_estimate": detectable.estimate,
        "mdd_low": detectable.low,
        "mdd_high": detectable.high,
        "k": len(seeds),
        "unit": "log-odds" if metric in _LOG_ODDS else REWARD_METRICS.get(metric, "fraction"),
        "interval_method": interval.method,
        "note": interval.note,
    }


def shared_notes(rows: Sequence[Against]) -> tuple[str, ...]:
    """Notes of every row of a table, which are said once."""
    return tuple(note for note in rows[0].notes if all(note in row.notes for row in rows)) if rows else ()


def shown_win_rates(rows: Sequence[Against], marks: Mapping[str, str]) -> list[dict[str, str]]:
    """Rows for a reader: every seed's value, mean with its interval, at equal length, and what stands beside it.

    Columns that say nothing of any row are left out: slots where the judge sees none, notes and marks where there are
    none. `marks` says by label what a reader must know of the row; `shared_notes` stand with the title.
    """
    slots = any(not math.isnan(run.consistency) for row in rows for run in row.raw.runs)
    shared = shared_notes(rows)
    notes = [[note for note in row.notes if note not in shared] for row in rows]
    return [
        {
            "method": row.label,
            "seeds " + ", ".join(map(str, row.raw.seeds)): " ".join(f"{value:.4f}" for value in row.raw.values),
            "win rate [95%]": numbers.interval(row.raw.interval),
            "at equal length [95%]": numbers.interval(row.controlled.interval),
            "near-equal": f"{row.controlled.support.near}/{row.controlled.support.contests}",
            "p Holm": numbers.p_value(adjusted),
            "MDD": _detectable(row),
            "wins/ties/losses": "/".join(str(sum(getattr(run, name) for run in row.raw.runs)) for name in _COUNTS),
            **(_slots(row) if slots else {}),
            "missing": str(sum(run.missing for run in row.raw.runs)),
            "characters": f"{fmean(run.length for run in row.raw.runs):.1f}",
            "opponent's characters": f"{fmean(run.opponent_length for run in row.raw.runs):.1f}",
            **({"note": "; ".join(row_notes)} if any(notes) else {}),
            **({"marks": marks.get(row.label, "")} if any(marks.get(other.label) for other in rows) else {}),
        }
        for row, row_notes, adjusted in zip(rows, notes, holm_over_opponents(rows), strict=True)
    ]


def _detectable(row: Against) -> str:
    value = detectable_rate("win_rate", row.raw.interval).assured
    return numbers.detectable(value, numbers.number(value), FARTHEST)


_COUNTS = ("wins", "ties", "losses")


def _slots(row: Against) -> dict[str, str]:
    return {
        "first slot": numbers.signed(fmean(run.first_bias for run in row.raw.runs)),
        "consistent": numbers.number(fmean(run.consistency for run in row.raw.runs)),
    }


def shown_rewards(rows: Sequence[Against]) -> list[dict[str, str]]:
    """Rows for a reader: differences in the judge's own scores, and how they go with length."""
    return [
        {
            "method": row.label,
            "score difference [95%]": numbers.interval(row.rewards.difference),
            "Bradley-Terry expectation [95%]": numbers.interval(row.rewards.expectation),
            "score per 100 characters [95%]": numbers.interval(row.rewards.length_slope),
            "note": row.rewards.note or "-",
        }
        for row in rows
        if row.rewards is not None
    ]


def shown_ratings(ratings: Ratings) -> list[dict[str, str]]:
    """Rows for a reader: Bradley-Terry ratings in log-odds, the mean of all 0, and the expected win rate."""
    return [
        {
            "method": label,
            "rating [95%]": numbers.interval(ratings.rating(label)),
            "expected win rate against all others [95%]": numbers.interval(ratings.win_rate(label)),
            "note": ratings.note or "-",
        }
        for label in ratings.labels
    ]
