"""One label against one opponent: the win rate, at equal length, and in the judge's own scores, with what qualifies it.

A row of a win-rate table before it is text; `values` are its numbers seed by seed, `intervals` those over seeds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

import pandas as pd

from benchbench.comparison.pairs.replicates import Replicates
from benchbench.comparison.stats.families import holm_of_family
from benchbench.comparison.stats.intervals import Interval
from benchbench.comparison.win_rates.length_control import LengthControlled, length_controlled
from benchbench.comparison.win_rates.rates import SeededWinRate, win_rate_over_seeds
from benchbench.comparison.win_rates.reward_difference import RewardDifference, reward_difference

REWARD_METRICS = {
    "reward_difference": "judge's units",
    "bradley_terry_expectation": "fraction",
    "reward_per_100_characters": "judge's units",
}
"""Metric -> unit, in the order of `RewardDifference.values`."""


class WinRateValue(NamedTuple):
    """One number of one seed."""

    seed: int
    place: int
    """Of the seed among all."""
    metric: str
    value: float
    se: float
    """Standard error over prompts; NaN where none is defined."""
    note: str


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

    def values(self) -> Iterator[WinRateValue]:
        """Every number of every seed."""
        for place, (seed, run) in enumerate(zip(self.raw.seeds, self.raw.runs, strict=True)):
            yield WinRateValue(seed, place, "win_rate", run.value, run.interval.se, run.interval.note)
            at_equal_length, note = self.controlled.values[place], self.controlled.note
            yield WinRateValue(seed, place, "length_controlled_win_rate", at_equal_length, math.nan, note)
            if self.rewards is not None:
                for metric, value in zip(REWARD_METRICS, self.rewards.values[place], strict=True):
                    yield WinRateValue(seed, place, metric, value, math.nan, "")

    def intervals(self) -> dict[str, Interval]:
        """Metric -> its interval over all seeds."""
        intervals = {
            "win_rate": self.raw.interval,
            "length_controlled_win_rate": self.controlled.interval,
            "length_effect": self.controlled.effect,
        }
        if self.rewards is not None:
            of_rewards = (self.rewards.difference, self.rewards.expectation, self.rewards.length_slope)
            intervals |= dict(zip(REWARD_METRICS, of_rewards, strict=True))
        return intervals

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


def holm_over_opponents(rows: Sequence[Against]) -> list[float]:
    """Corrected p-values of the raw win rates; the family are the rows against one opponent.

    NaN with one run, which says something of runs and nothing of methods.
    """
    adjusted = [math.nan] * len(rows)
    for opponent in dict.fromkeys(row.opponent for row in rows):
        family = [place for place, row in enumerate(rows) if row.opponent == opponent]
        intervals = [rows[place].raw.interval for place in family]
        tested = [math.nan if interval.one_run else interval.p for interval in intervals]
        corrected = holm_of_family(tested, intervals)
        for place, value in zip(family, corrected, strict=True):
            adjusted[place] = float(value)
    return adjusted
