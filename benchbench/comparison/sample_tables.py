"""Win rates and what responses are like, as tidy rows and as rows for a reader."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import pandas as pd

from benchbench.comparison.bradley_terry import Ratings
from benchbench.comparison.intervals import Interval
from benchbench.comparison.length_control import LengthControlled, length_controlled
from benchbench.comparison.reward_difference import RewardDifference, reward_difference
from benchbench.comparison.samples import sample_statistics
from benchbench.comparison.win_rates import SeededWinRate, win_rate_over_seeds

SHOWN_STATISTICS = (
    "response_tokens",
    "truncated",
    "empty",
    "repetition",
    "distinct_1",
    "distinct_2",
    "refusals",
    "kl_k1",
)


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


def against(by_seed: Mapping[int, pd.DataFrame], *, judge: str) -> Against:
    """The win rate of one label against one opponent over seeds, raw and at equal length.

    Args:
        by_seed: verdict rows of each seed, with the names of label and opponent.
        judge: its name, for the table.
    """
    raw = win_rate_over_seeds(by_seed)
    one = raw.runs[0]
    return Against(one.label, one.opponent, judge, raw, length_controlled(by_seed), reward_difference(by_seed))


REWARD_METRICS = {
    "reward_difference": "judge's units",
    "bradley_terry_expectation": "fraction",
    "reward_per_100_characters": "judge's units",
}
"""Metric -> unit, in the order of `RewardDifference.values`."""


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
                "first_bias": run.first_bias,
                "consistency": run.consistency,
                "length": run.length,
                "opponent_length": run.opponent_length,
                "note": run.note,
            }
            for row in rows
            for place, (seed, run) in enumerate(zip(row.raw.seeds, row.raw.runs, strict=True))
            for metric, value, se in (
                ("win_rate", run.value, run.interval.se),
                ("length_controlled_win_rate", row.controlled.values[place], math.nan),
                *((name, value, math.nan) for name, value in _rewards(row, place)),
            )
        ]
    )


def shown_win_rates(rows: Sequence[Against], marks: Mapping[str, str]) -> list[dict[str, str]]:
    """Rows for a reader: every seed's value, mean with its interval, at equal length, and what stands beside it.

    `marks` says by label what a reader must know of the row; without any there is no such column.
    """
    marked = any(marks.get(row.label) for row in rows)
    return [
        {
            "method": row.label,
            "seeds " + ", ".join(map(str, row.raw.seeds)): " ".join(f"{value:.4f}" for value in row.raw.values),
            "win rate [95%]": _interval(row.raw.interval.mean, row.raw.interval.low, row.raw.interval.high),
            "at equal length [95%]": _interval(
                row.controlled.interval.mean, row.controlled.interval.low, row.controlled.interval.high
            ),
            "wins/ties/losses": "/".join(str(sum(getattr(run, name) for run in row.raw.runs)) for name in _COUNTS),
            "first slot": _signed(fmean(run.first_bias for run in row.raw.runs)),
            "consistent": _number(fmean(run.consistency for run in row.raw.runs)),
            "missing": str(sum(run.missing for run in row.raw.runs)),
            "characters": f"{fmean(run.length for run in row.raw.runs):.1f}",
            "theirs": f"{fmean(run.opponent_length for run in row.raw.runs):.1f}",
            **({"marks": marks.get(row.label, "")} if marked else {}),
        }
        for row in rows
    ]


def _rewards(row: Against, place: int) -> Iterator[tuple[str, float]]:
    if row.rewards is not None:
        yield from zip(REWARD_METRICS, row.rewards.values[place], strict=True)


def shown_rewards(rows: Sequence[Against]) -> list[dict[str, str]]:
    """Rows for a reader: differences in the judge's own scores, and how they go with length."""
    return [
        {
            "method": row.label,
            "score difference [95%]": _interval(*_bounds(row.rewards.difference)),
            "Bradley-Terry expectation [95%]": _interval(*_bounds(row.rewards.expectation)),
            "score per 100 characters [95%]": _interval(*_bounds(row.rewards.length_slope)),
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
            "rating [95%]": _interval(*_bounds(ratings.rating(label))),
            "expected win rate against all others [95%]": _interval(*_bounds(ratings.win_rate(label))),
            "note": ratings.note or "-",
        }
        for label in ratings.labels
    ]


def _bounds(interval: Interval) -> tuple[float, float, float]:
    return interval.mean, interval.low, interval.high


_COUNTS = ("wins", "ties", "losses")


def statistics_frame(cells: Mapping[tuple[str, int], tuple[pd.DataFrame, Mapping[str, object]]]) -> pd.DataFrame:
    """One tidy row per cell and statistic of its own responses.

    Args:
        cells: (label, seed) -> its responses, and what drew them (engine.json).
    """
    rows = []
    for (label, seed), (frame, about) in cells.items():
        plain = not any(value is None or math.isnan(value) for value in frame["logp_sum"])
        anchored = plain and not any(value is None or math.isnan(value) for value in frame["ref_logp_sum"])
        scored = frame if anchored else frame.drop(columns=["ref_logp_sum"])
        for one in sample_statistics(scored, plain=plain):
            rows.append(
                {
                    "method": label,
                    "seed": seed,
                    "metric": one.name,
                    "value": one.value,
                    "se": one.se,
                    "n": one.n,
                    "unit": one.unit,
                    "engine": f"{about['engine']} {about['version']}",
                    "dtype": about["dtype"],
                    "device_kind": about["device_kind"],
                    "merged": about["merged"],
                    "canary_identical": _canary(about)["identical_fraction"],
                    "canary_common_prefix": _canary(about)["common_prefix_tokens"],
                    "note": one.note,
                }
            )
    return pd.DataFrame(rows)


def shown_statistics(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Rows for a reader: means over seeds."""
    rows = []
    for label in dict.fromkeys(frame["method"]):
        own = frame[frame["method"] == label]
        row = {"method": str(label)}
        for name in SHOWN_STATISTICS:
            row[name] = _number(float(own.loc[own["metric"] == name, "value"].mean()))
        row["engine"] = ", ".join(dict.fromkeys(own["engine"]))
        row["canary"] = f"{own['canary_identical'].mean():.0%} identical"
        rows.append(row)
    return rows


def _canary(about: Mapping[str, object]) -> Mapping[str, float]:
    canary = about["canary"]
    assert isinstance(canary, Mapping)
    return canary


def _interval(mean: float, low: float, high: float) -> str:
    if math.isnan(mean):
        return "n/a"
    return f"{mean:.4f} [{_number(low)}, {_number(high)}]"


def _number(value: float) -> str:
    return "n/a" if math.isnan(value) else f"{value:.4f}"


def _signed(value: float) -> str:
    return "n/a" if math.isnan(value) else f"{value:+.4f}"
