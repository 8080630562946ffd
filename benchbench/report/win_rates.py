"""Win rates as tidy rows and as rows for a reader, with everything that must stand beside them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import pandas as pd

from benchbench.comparison.pairs.replicates import Replicates
from benchbench.comparison.stats.intervals import Interval
from benchbench.comparison.stats.significance import holm
from benchbench.comparison.win_rates.bradley_terry import Ratings
from benchbench.comparison.win_rates.detectable import FARTHEST, detectable_rate
from benchbench.comparison.win_rates.length_control import LengthControlled, length_controlled
from benchbench.comparison.win_rates.rates import SeededWinRate, win_rate_over_seeds
from benchbench.comparison.win_rates.reward_difference import RewardDifference, reward_difference
from benchbench.report.comparison import shown_detectable, shown_number, shown_p

REWARD_METRICS = {
    "reward_difference": "judge's units",
    "bradley_terry_expectation": "fraction",
    "reward_per_100_characters": "judge's units",
}
"""Metric -> unit, in the order of `RewardDifference.values`."""
EVERYONE = "all others"
"""The opponent of a rating."""


@dataclass(frozen=True)
class Against:
    """One row of a win-rate table."""

    label: str
    opponent: str
    judge: str
    raw: SeededWinRate
    controlled: LengthControlled
    rewards: RewardDifference | None
    """Where the judge scores each text by itself."""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Mean win rate if every missing verdict were lost, and if it were won; none where next to none is missing."""
        if all(run.bounds is None for run in self.raw.runs):
            return None
        low, high = zip(*(run.bounds or (run.value, run.value) for run in self.raw.runs), strict=True)
        return fmean(low), fmean(high)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the row."""
        notes = [_of_seeds(self.raw.seeds, [run.note for run in self.raw.runs])]
        if self.bounds is not None:
            notes.append("win rate {:.4f} if all of these were lost, {:.4f} if all were won".format(*self.bounds))
        notes.append(self.raw.interval.note)
        controlled = "; ".join(dict.fromkeys(n for n in (self.controlled.note, self.controlled.interval.note) if n))
        if controlled and controlled != self.raw.interval.note:
            notes.append(f"at equal length: {controlled}")
        return tuple(note for note in notes if note)


def _of_seeds(seeds: Sequence[int], notes: Sequence[str]) -> str:
    if len(set(notes)) == 1:
        return notes[0]
    return "; ".join(f"seed {seed}: {note}" for seed, note in zip(seeds, notes, strict=True) if note)


def against(by_seed: Mapping[int, pd.DataFrame], *, judge: str, replicates: Replicates | None = None) -> Against:
    """The win rate of one label against one opponent over seeds, raw and at equal length.

    Args:
        by_seed: verdict rows of each seed, with the names of label and opponent.
        judge: its name, for the table.
        replicates: which seeds are different runs of both; each of its own where it is not given.
    """
    raw = win_rate_over_seeds(by_seed, replicates=replicates)
    controlled = length_controlled(by_seed, replicates=replicates)
    rewards = reward_difference(by_seed, replicates=replicates)
    return Against(raw.runs[0].label, raw.runs[0].opponent, judge, raw, controlled, rewards)


def win_rate_frame(rows: Sequence[Against]) -> pd.DataFrame:
    """One tidy row per label, opponent, seed and metric; aggregates are derived, never stored among seeds."""
    return pd.DataFrame(
        [
            {
                "method": row.label,
                "opponent": row.opponent,
                "judge": row.judge,
                "seed": seed,
                "metric": metric,
                "value": value,
                "se": se,
                "n": run.prompts,
                "unit": REWARD_METRICS.get(metric, "fraction"),
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
                "note": "; ".join(dict.fromkeys(part for part in (run.note, note) if part)),
            }
            for row in rows
            for place, (seed, run) in enumerate(zip(row.raw.seeds, row.raw.runs, strict=True))
            for metric, value, se, note in (
                ("win_rate", run.value, run.interval.se, run.interval.note),
                ("length_controlled_win_rate", row.controlled.values[place], math.nan, row.controlled.note),
                *((name, value, math.nan, "") for name, value in _rewards(row, place)),
            )
        ]
    )


def _rewards(row: Against, place: int) -> Iterator[tuple[str, float]]:
    if row.rewards is not None:
        yield from zip(REWARD_METRICS, row.rewards.values[place], strict=True)


def interval_frame(rows: Sequence[Against], ratings: Ratings | None) -> pd.DataFrame:
    """One tidy row per label, opponent and metric over all seeds: mean, interval, test, what it could have found."""
    made = []
    for row, adjusted in zip(rows, _holm(rows), strict=True):
        parts = {
            "win_rate": row.raw.interval,
            "length_controlled_win_rate": row.controlled.interval,
            "length_effect": row.controlled.effect,
        }
        if row.rewards is not None:
            intervals = (row.rewards.difference, row.rewards.expectation, row.rewards.length_slope)
            parts |= dict(zip(REWARD_METRICS, intervals, strict=True))
        for metric, interval in parts.items():
            own = _interval_row(row.label, row.opponent, row.judge, metric, interval, row.raw.seeds)
            made.append(own | {"p_holm": adjusted if metric == "win_rate" else math.nan})
    if ratings is not None:
        judge = rows[0].judge if rows else ""
        for label in ratings.labels:
            for metric, interval in (("rating", ratings.rating(label)), ("expected_win_rate", ratings.win_rate(label))):
                own = _interval_row(label, EVERYONE, judge, metric, interval, ratings.seeds)
                made.append(own | {"p_holm": math.nan})
    return pd.DataFrame(made)


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


def _holm(rows: Sequence[Against]) -> list[float]:
    """Corrected p-values of the raw win rates; the family are the rows against one opponent.

    NaN with one run, which says something of runs and nothing of methods.
    """
    adjusted = [math.nan] * len(rows)
    for opponent in dict.fromkeys(row.opponent for row in rows):
        family = [place for place, row in enumerate(rows) if row.opponent == opponent]
        intervals = [rows[place].raw.interval for place in family]
        tested = [math.nan if interval.one_run else interval.p for interval in intervals]
        corrected = holm(np.array(tested))
        for place, value in zip(family, corrected, strict=True):
            adjusted[place] = float(value)
    return adjusted


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
            "win rate [95%]": _interval(row.raw.interval),
            "at equal length [95%]": _interval(row.controlled.interval),
            "near-equal": f"{row.controlled.support.near}/{row.controlled.support.contests}",
            "p Holm": shown_p(adjusted),
            "MDD": _shown_detectable(row),
            "wins/ties/losses": "/".join(str(sum(getattr(run, name) for run in row.raw.runs)) for name in _COUNTS),
            **(_slots(row) if slots else {}),
            "missing": str(sum(run.missing for run in row.raw.runs)),
            "characters": f"{fmean(run.length for run in row.raw.runs):.1f}",
            "theirs": f"{fmean(run.opponent_length for run in row.raw.runs):.1f}",
            **({"note": "; ".join(own)} if any(notes) else {}),
            **({"marks": marks.get(row.label, "")} if any(marks.get(other.label) for other in rows) else {}),
        }
        for row, own, adjusted in zip(rows, notes, _holm(rows), strict=True)
    ]


def _shown_detectable(row: Against) -> str:
    value = detectable_rate("win_rate", row.raw.interval).assured
    return shown_detectable(value, shown_number(value), FARTHEST)


_COUNTS = ("wins", "ties", "losses")


def _slots(row: Against) -> dict[str, str]:
    return {
        "first slot": _signed(fmean(run.first_bias for run in row.raw.runs)),
        "consistent": shown_number(fmean(run.consistency for run in row.raw.runs)),
    }


def shown_rewards(rows: Sequence[Against]) -> list[dict[str, str]]:
    """Rows for a reader: differences in the judge's own scores, and how they go with length."""
    return [
        {
            "method": row.label,
            "score difference [95%]": _interval(row.rewards.difference),
            "Bradley-Terry expectation [95%]": _interval(row.rewards.expectation),
            "score per 100 characters [95%]": _interval(row.rewards.length_slope),
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
            "rating [95%]": _interval(ratings.rating(label)),
            "expected win rate against all others [95%]": _interval(ratings.win_rate(label)),
            "note": ratings.note or "-",
        }
        for label in ratings.labels
    ]


def _interval(interval: Interval) -> str:
    if math.isnan(interval.mean):
        return "n/a"
    return f"{interval.mean:.4f} [{shown_number(interval.low)}, {shown_number(interval.high)}]"


def _signed(value: float) -> str:
    return "n/a" if math.isnan(value) else f"{value:+.4f}"
