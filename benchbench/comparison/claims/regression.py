"""Did a number move? Committed reference results against the same numbers made again (evaluation.md C8)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np
import pandas as pd

from benchbench.comparison.claims.replication import Runs, prediction_half_width
from benchbench.comparison.pairs.measure import measure
from benchbench.comparison.win_rates.against import against

EXACT = 1e-9
"""Tables from stored rows: equal up to the rounding of sums."""
PER_TOKEN = 1e-3
"""Nats per token that a re-scored float32 checkpoint may move by on another machine."""
GATE = 0.01
"""Two-sided level of the prediction band of a headline number; a breach is tried once more."""
WARN = 0.001
"""Level for all other numbers, of which there are many: they warn and never fail."""

Key = tuple[str, int, str, str]
"""(recipe, seed, metric, scoring)."""


@dataclass(frozen=True)
class Band:
    """Where one new run is to be expected, from the committed runs of the same recipe."""

    mean: float
    low: float
    high: float
    k: int

    @property
    def unknown(self) -> bool:
        """Whether the committed runs have a mean and no spread, so that no other value is known to be outside."""
        return math.isnan(self.low) and not math.isnan(self.mean)

    def holds(self, value: float) -> bool:
        """Whether a value lies inside, or is not known to lie outside; NaN belongs to a band of NaN alone."""
        if math.isnan(value) or math.isnan(self.mean):
            return math.isnan(value) and math.isnan(self.mean)
        return self.unknown or self.low <= value <= self.high


def band(values: Sequence[float], *, alpha: float) -> Band:
    """Mean +- t_{k-1} sd sqrt(1 + 1/k): 3.41 sd at k = 10 and alpha 0.01; NaN where a value is.

    Args:
        values: one per committed run, copies of one run left out.
        alpha: two-sided level.

    Runs that are all equal, or a single one, have no known spread: the band then has a mean and no bounds.
    """
    if not np.isfinite(values).all():
        return Band(math.nan, math.nan, math.nan, len(values))
    runs = Runs(fmean(values), stdev(values) if len(values) > 1 else math.nan, len(values))
    half = prediction_half_width(runs.spread, runs.k, 1, level=1 - alpha)
    return Band(runs.mean, runs.mean - half, runs.mean + half, runs.k)


def measured_again(rows: pd.DataFrame, *, tie_credit: float, exclude: Sequence[str]) -> dict[Key, float]:
    """Every measurement of every cell, from its rows."""
    return {
        (str(recipe), int(str(seed)), measurement.metric, measurement.scoring): measurement.value
        for recipe, of_recipe in rows.groupby("recipe")
        for seed, frame in of_recipe.groupby("seed")
        for measurement in measure(frame, tie_credit=tie_credit, exclude=exclude)
    }


WIN_RATE_COLUMNS = ("recipe", "seed", "metric", "opponent", "judge", "value")
"""Of the committed win rates."""


def win_rates_again(verdicts: pd.DataFrame) -> dict[Key, float]:
    """Every win rate, raw and at equal length, and what a judge's scores come to, from verdict rows.

    Args:
        verdicts: rows of `contests.COLUMNS` and a judge's scores, with their `recipe` and `seed`; the scoring of the
            answer is whom the row was compared with.
    """
    values: dict[Key, float] = {}
    for recipe, of_recipe in verdicts.groupby("recipe"):
        for opponent, rows in of_recipe.groupby("opponent"):
            by_seed = {int(str(seed)): frame for seed, frame in rows.groupby("seed")}
            for seed, _, metric, value, *_ in against(by_seed, judge="").values():
                values[str(recipe), seed, metric, versus(str(opponent))] = float(value)
    return values


def versus(opponent: str) -> str:
    """The entry under `scoring` for a number against an opponent."""
    return f"against {opponent}"


def moved(committed: Mapping[Key, float], again: Mapping[Key, float]) -> list[str]:
    """In words, every number that is gone, new or different."""
    lines = [f"{_name(key)}: committed, cannot be measured any more" for key in committed if key not in again]
    lines += [f"{_name(key)}: measured, but not committed" for key in again if key not in committed]
    for key, value in committed.items():
        both_nan = math.isnan(value) and math.isnan(again.get(key, 0.0))
        if key in again and not both_nan and not abs(again[key] - value) <= EXACT:
            lines.append(f"{_name(key)}: {value!r} committed, {again[key]!r} measured")
    return lines


@dataclass(frozen=True)
class Drift:
    """A checkpoint's rows against the same rows scored again."""

    per_token: float
    """Largest change of a response's mean log-probability, nats per token."""
    noise: float
    """Largest change of a pair's margin under logp_sum, nats."""
    turned: tuple[str, ...]
    """Pairs that changed sides although their margin is larger than the noise."""

    @property
    def small(self) -> bool:
        """Within what another machine may do."""
        return self.per_token <= PER_TOKEN and not self.turned


def drift(committed: pd.DataFrame, again: pd.DataFrame) -> Drift:
    """Compare the rows of one cell, response by response.

    Raises:
        ValueError: the rows are of other responses, or of responses with other numbers of tokens.
    """
    key = ["example", "candidate"]
    old, new = (frame.sort_values(key, ignore_index=True) for frame in (committed, again))
    same = len(old) == len(new) and (old[[*key, "n_tokens"]].to_numpy() == new[[*key, "n_tokens"]].to_numpy()).all()
    if not same:
        raise ValueError("the responses, or their numbers of tokens, are not those of the committed rows")
    change = np.abs(old["logp_mean"].to_numpy() - new["logp_mean"].to_numpy())
    margins = [_margins(frame) for frame in (old, new)]
    noise = float(np.max(np.abs(margins[0] - margins[1])))
    turned = (np.sign(margins[0]) != np.sign(margins[1])) & (np.abs(margins[0]) > noise)
    examples = old["example"].to_numpy()[::2]
    return Drift(float(change.max()), noise, tuple(str(name) for name in examples[turned]))


def _margins(frame: pd.DataFrame) -> np.ndarray:
    """[n] chosen minus rejected, summed log-probabilities; rows sorted by example and candidate."""
    sums = frame["logp_sum"].to_numpy(dtype=np.float64).reshape(-1, 2)
    return sums[:, 0] - sums[:, 1]


def _name(key: Key) -> str:
    recipe, seed, metric, scoring = key
    return f"{recipe} seed {seed}, {metric} ({scoring})"
