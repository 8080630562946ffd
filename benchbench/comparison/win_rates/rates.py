"""Win rates from verdict rows, with what a reader must see beside them: ties, bias, missing verdicts, lengths.

evaluation.md B1: prompts are the clusters, a tie is one half, missing verdicts never vanish.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from benchbench.comparison.pairs.replicates import Replicates, interval_of_runs
from benchbench.comparison.stats.bounded import rate_interval, seeded_rate
from benchbench.comparison.stats.intervals import Interval
from benchbench.comparison.win_rates.contests import Contests, Policy, contests, prompt_means, prompts, side, sides
from benchbench.core.measurement import Array

MISSING_WARNING_FRACTION = 0.01
"""Above this share of missing verdicts the bounds stand beside the win rate."""


@dataclass(frozen=True, kw_only=True)
class WinRate:
    """One label against one opponent in one run; every rate is a fraction."""

    label: str
    opponent: str
    policy: Policy
    value: float
    """Mean over prompts of the mean over samples and orders; NaN without a verdict."""
    interval: Interval
    """Of the win rate over prompts (Wilson); its `p` is the score test of one half."""
    wins: int
    """Contests in which the label earned more than one half over both orders."""
    ties: int
    losses: int
    prompts: int
    """Prompts with a verdict."""
    lost_prompts: int
    """Prompts whose verdicts are all missing; they are in the bounds alone."""
    verdicts: int
    missing: int
    """Verdicts that are missing."""
    bounds: tuple[float, float] | None
    """Win rate if every missing verdict were lost, and if it were won; none up to 1 % of them."""
    first_bias: float
    """Share that the first slot wins less one half, over contests judged in both orders; NaN without any."""
    consistency: float
    """Share of these contests in which both orders lean to the same side, or both tie; NaN without any."""
    identical: int
    """Contests of two equal texts, which are ties that no judge was asked for; left out of the two above."""
    length: float
    """Mean characters of the label's texts."""
    opponent_length: float
    longer: float
    """Share of contests with the longer text on the label's side; equal lengths count one half."""
    note: str


@dataclass(frozen=True, kw_only=True)
class SeededWinRate:
    """The win rates of several runs of one label against one opponent."""

    seeds: tuple[int, ...]
    runs: tuple[WinRate, ...]
    """One per seed."""
    interval: Interval
    """Mean over seeds with Wilson's interval, seeds and prompts crossed; its `p` is the score test of one half."""

    @property
    def values(self) -> tuple[float, ...]:
        """[k] win rate of each seed."""
        return tuple(run.value for run in self.runs)


def win_rate(rows: pd.DataFrame, *, policy: Policy = "average", level: float = 0.95) -> WinRate:
    """The win rate of one run.

    Args:
        rows: verdict rows (`contests.COLUMNS`) of one label against one opponent.
        policy: what two orders make of a contest.
        level: coverage of the interval, in (0, 1).

    Raises:
        ValueError: rows of several labels or opponents, or rows that are none.
        BenchError: the same verdict twice.
    """
    label, opponent = sides(rows)
    all_contests = contests(rows)
    examples, cluster = np.unique(all_contests.example, return_inverse=True)

    def over_prompts(values: Array) -> Array:
        return prompt_means(values, cluster, len(examples))

    outcome = all_contests.outcome(policy)
    values = over_prompts(outcome)
    values = values[np.isfinite(values)]
    leaning = side(outcome)
    missing, verdicts = int(all_contests.missing.sum()), int(all_contests.requested.sum())
    bounded = missing / verdicts > MISSING_WARNING_FRACTION
    bounds = [float(over_prompts(all_contests.outcome(policy, missing=taken_for)).mean()) for taken_for in (0.0, 1.0)]
    first_bias, consistency = _slots(all_contests)
    return WinRate(
        label=label,
        opponent=opponent,
        policy=policy,
        value=float(values.mean()) if len(values) else math.nan,
        interval=rate_interval(values[None, :], against=0.5, level=level),
        wins=int((leaning == 1).sum()),
        ties=int((leaning == 0).sum()),
        losses=int((leaning == -1).sum()),
        prompts=len(values),
        lost_prompts=len(examples) - len(values),
        verdicts=verdicts,
        missing=missing,
        bounds=(bounds[0], bounds[1]) if bounded else None,
        first_bias=first_bias,
        consistency=consistency,
        identical=int(all_contests.identical.sum()),
        length=float(over_prompts(all_contests.length).mean()),
        opponent_length=float(over_prompts(all_contests.opponent_length).mean()),
        longer=float(over_prompts((np.sign(all_contests.length - all_contests.opponent_length) + 1) / 2).mean()),
        note=f"{missing / verdicts:.1%} of the verdicts are missing" if bounded else "",
    )


def win_rate_over_seeds(
    by_seed: Mapping[int, pd.DataFrame],
    *,
    policy: Policy = "average",
    level: float = 0.95,
    replicates: Replicates | None = None,
) -> SeededWinRate:
    """The win rates of several seeds on the same prompts, and their mean against one half.

    Args:
        by_seed: verdict rows of each seed, of one label against one opponent.
        policy: what two orders make of a contest.
        level: coverage of the intervals, in (0, 1).
        replicates: which seeds are different runs; each of its own where it is not given.

    Seeds and prompts are both drawn, hence the crossed standard error of evaluation.md C2 i in Wilson's interval. A
    prompt without a verdict in one seed takes that seed's mean there, so that it neither moves the mean nor adds to the
    spread.

    Raises:
        ValueError: rows of several labels or opponents, or rows that are none.
        BenchError: the same verdict twice, or other prompts in one seed.
    """
    examples = prompts(by_seed)
    sides(pd.concat(by_seed.values()))
    runs = [contests(rows) for rows in by_seed.values()]
    values = np.stack(
        [prompt_means(run.outcome(policy), np.searchsorted(examples, run.example), len(examples)) for run in runs]
    )
    judged = np.isfinite(values).any(axis=0)
    return SeededWinRate(
        seeds=tuple(by_seed),
        runs=tuple(win_rate(rows, policy=policy, level=level) for rows in by_seed.values()),
        interval=interval_of_runs(
            _filled(values[:, judged]), replicates, partial(seeded_rate, against=0.5, level=level)
        ),
    )


def _slots(all_contests: Contests) -> tuple[float, float]:
    """(first-slot bias, consistency) over contests that a judge saw in both orders."""
    first, second = all_contests.verdicts[~all_contests.identical, :2].T
    both = np.isfinite(first) & np.isfinite(second)
    if not both.any():
        return math.nan, math.nan
    bias = float((first[both] + 1 - second[both]).mean() / 2) - 0.5
    return bias, float((side(first[both]) == side(second[both])).mean())


def _filled(values: Array) -> Array:
    """[k, n] without NaN: values whose mean is each seed's mean, and whose deviations weigh what they do in it."""
    present = np.isfinite(values)
    count = present.sum(axis=1, keepdims=True)
    if not count.all():
        return values
    mean = np.where(present, values, 0).sum(axis=1, keepdims=True) / count
    return np.where(present, mean + (values - mean) * values.shape[1] / count, mean)
