"""How far apart a judge's own scores are: what a win rate of a reward model leaves out (evaluation.md B5, rule B4).

Of a judge that scores each text by itself, such as a reward model: the mean difference, its Bradley-Terry expectation
mean 1 / (1 + exp(-difference)), and the slope of the difference on the difference in length, which shows a taste for
length that the win rate hides. Scores of different judges have different units and do not compare.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import expit

from benchbench.comparison.pairs.replicates import Replicates, interval_of_runs
from benchbench.comparison.stats.bounded import seeded_rate
from benchbench.comparison.stats.clustered import seeded_interval
from benchbench.comparison.stats.intervals import Interval, undefined_interval
from benchbench.comparison.win_rates.contests import prompt_means, prompts, sides
from benchbench.core.measurement import Array

CHARACTERS = 100
"""The slope is per so many characters."""


@dataclass(frozen=True, kw_only=True)
class RewardDifference:
    """One label's scores against one opponent's over seeds."""

    label: str
    opponent: str
    seeds: tuple[int, ...]
    difference: Interval
    """Mean score of the label's texts less the opponent's, in the judge's units."""
    expectation: Interval
    """Mean of the logistic function of the differences, a fraction; `p` tests one half."""
    length_slope: Interval
    """Least squares: difference in score per 100 characters that the label's text is longer."""
    values: tuple[tuple[float, float, float], ...]
    """[k] the three of each seed."""
    note: str


def reward_difference(
    by_seed: Mapping[int, pd.DataFrame], *, level: float = 0.95, replicates: Replicates | None = None
) -> RewardDifference | None:
    """Differences in score of one label against one opponent; none where the judge gives no scores.

    Args:
        by_seed: verdict rows of each seed, with the columns `score` and `opponent_score`; identical texts, of which no
            judge was asked, differ by 0.
        level: coverage of the intervals, in (0, 1).
        replicates: which seeds are different runs; each of its own where it is not given.

    Samples of a prompt weigh one together; contests without finite scores are left out and counted in the note.
    """
    examples = prompts(by_seed)
    label, opponent = sides(pd.concat(by_seed.values()))
    if all(rows.loc[~rows["identical"].astype(bool), "score"].isna().all() for rows in by_seed.values()):
        return None
    models = [_Scores.of(rows, examples) for rows in by_seed.values()]
    left_out = sum(model.left_out for model in models)
    means = [[prompt_means(v, m.cluster, len(examples)) for v in (m.difference, expit(m.difference))] for m in models]
    slopes = [model.slope(len(examples)) for model in models]
    return RewardDifference(
        label=label,
        opponent=opponent,
        seeds=tuple(by_seed),
        difference=_interval(np.stack([run_means[0] for run_means in means]), level, replicates),
        expectation=_interval(np.stack([run_means[1] for run_means in means]), level, replicates, rate=True),
        length_slope=_interval(np.stack(slopes), level, replicates, note=_NO_SLOPE),
        values=tuple(
            (_mean(run_means[0]), _mean(run_means[1]), _mean(slope))
            for run_means, slope in zip(means, slopes, strict=True)
        ),
        note=f"{left_out} contests without a score" if left_out else "",
    )


def _mean(values: Array) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan


_NO_SLOPE = "all differences in length are equal, so no slope"


def _interval(
    values: Array,
    level: float,
    replicates: Replicates | None,
    *,
    rate: bool = False,
    note: str = "a prompt has no score",
) -> Interval:
    """Of [k, n] values, or pseudo-values; undefined where one is missing, since seeds and prompts are crossed."""
    if not np.isfinite(values).all():
        return undefined_interval(_mean(values), level=level, note=note)
    make = seeded_rate if rate else seeded_interval
    return interval_of_runs(np.round(values, 12), replicates, partial(make, level=level))


@dataclass(frozen=True, eq=False)
class _Scores:
    """Contests of one seed with finite scores."""

    difference: Array
    """[m] score less opponent's."""
    longer: Array
    """[m] characters less opponent's, over 100."""
    cluster: Array
    """[m] number of the prompt."""
    left_out: int

    @staticmethod
    def of(rows: pd.DataFrame, examples: Array) -> _Scores:
        alike = rows["identical"].to_numpy(dtype=bool)
        difference = rows["score"].to_numpy(dtype=np.float64) - rows["opponent_score"].to_numpy(dtype=np.float64)
        difference = np.where(alike, 0.0, difference)
        longer = (rows["length"] - rows["opponent_length"]).to_numpy(dtype=np.float64) / CHARACTERS
        scored = np.isfinite(difference)
        cluster = np.searchsorted(examples, rows["example"].to_numpy())
        return _Scores(difference[scored], longer[scored], cluster[scored], int((~scored).sum()))

    def slope(self, n: int) -> Array:
        """[n] the slope plus each prompt's influence on it; NaN where lengths do not differ.

        Weighted least squares with an intercept, prompts weighing one each; the influences average to zero and give
        the sandwich variance over prompts.
        """
        weight = 1 / np.bincount(self.cluster, minlength=n)[self.cluster]
        x = self.longer - np.average(self.longer, weights=weight) if len(weight) else self.longer
        spread = float(weight @ x**2)
        if len(weight) == 0 or spread <= 0:
            return np.full(n, np.nan)
        y = self.difference - np.average(self.difference, weights=weight)
        slope = float(weight @ (x * y)) / spread
        influence = np.bincount(self.cluster, weights=weight * x * (y - slope * x), minlength=n)
        return slope + n * influence / spread
