"""Bradley-Terry ratings of a round robin by maximum likelihood, with intervals clustered by prompt.

P(i beats j) = 1 / (1 + exp(r_j - r_i)); a tie is half a win for either side. Ratings are log-odds and average to zero,
so that none depends on which label is called the baseline. Other scales are a factor away (`ELO`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, logit

from benchbench.comparison.pairs.replicates import Replicates, interval_of_runs
from benchbench.comparison.stats.clustered import as_probability, seeded_interval
from benchbench.comparison.stats.intervals import Interval, undefined_interval
from benchbench.comparison.stats.soft_logistic import fit, influence
from benchbench.comparison.win_rates.contests import Policy, contests, prompt_means, prompts
from benchbench.core.measurement import Array

ELO = 400 / math.log(10)
"""Points of the usual scale (400 for odds of ten to one) per unit of log-odds."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ratings:
    """The ratings of all labels; every number is NaN where the contests leave a rating without bound."""

    labels: tuple[str, ...]
    """Sorted."""
    seeds: tuple[int, ...]
    per_seed: Array
    """[k, labels] ratings of each seed, mean 0."""
    influences: Array
    """[k, n, labels] influence of each prompt on them; mean 0 over prompts."""
    contests: int
    """Contests with an outcome, over all seeds."""
    level: float
    """Coverage of the intervals, in (0, 1)."""
    note: str
    """Why there are no ratings; empty where there are."""
    replicates: Replicates | None = None
    """Which seeds are different runs; each of its own where it is not known."""

    @property
    def values(self) -> Array:
        """[labels] mean rating over seeds."""
        return self.per_seed.mean(axis=0)

    def rating(self, label: str) -> Interval:
        """Rating of a label, with its interval; `p` tests a rating of zero, the mean of all."""
        return self._contrast({label: 1.0})

    def difference(self, label: str, opponent: str) -> Interval:
        """Rating of a label less that of another; `p` tests no difference."""
        return self._contrast({label: 1.0, opponent: -1.0})

    def win_rate(self, label: str, opponent: str | None = None) -> Interval:
        """Expected win rate against an opponent, or the plain mean of those against all others.

        The interval is made on the log-odds scale, on which the mean over opponents is linearised (delta method) at
        each seed's ratings; the value is taken back from the mean log-odds over seeds. `p` tests one half.
        """
        place = self._place(label)
        others = [i for i in range(len(self.labels)) if i != place] if opponent is None else [self._place(opponent)]
        against = expit(self.per_seed[:, [place]] - self.per_seed[:, others])  # [k, others]
        mean = against.mean(axis=1)  # [k]
        slopes = against * (1 - against) / len(others) / (mean * (1 - mean))[:, None]
        gradient = np.zeros_like(self.per_seed)  # [k, labels] of the log-odds of the mean
        gradient[:, others] = -slopes
        gradient[:, place] += slopes.sum(axis=1)
        return as_probability(self._interval(logit(mean), gradient))

    def _contrast(self, weights: Mapping[str, float]) -> Interval:
        gradient = np.zeros_like(self.per_seed)
        for label, weight in weights.items():
            gradient[:, self._place(label)] += weight
        return self._interval((gradient * self.per_seed).sum(axis=1), gradient)

    def _interval(self, estimates: Array, gradient: Array) -> Interval:
        """Interval of the mean of [k] estimates with their [k, labels] gradients."""
        if self.note:
            return undefined_interval(math.nan, level=self.level, note=self.note)
        values = estimates[:, None] + np.einsum("knl,kl->kn", self.influences, gradient)
        # what cancels out leaves rounding errors, which are no spread
        return interval_of_runs(np.round(values, 12), self.replicates, partial(seeded_interval, level=self.level))

    def _place(self, label: str) -> int:
        if label not in self.labels:
            raise ValueError(f"expected one of {', '.join(self.labels)}, got {label}")
        return self.labels.index(label)


def bradley_terry(
    by_seed: Mapping[int, pd.DataFrame],
    *,
    policy: Policy = "average",
    level: float = 0.95,
    replicates: Replicates | None = None,
) -> Ratings:
    """The ratings of all labels of a round robin.

    Args:
        by_seed: verdict rows (`contests.COLUMNS`) of each seed, over the same prompts; a contest may be written from
            either side.
        policy: what two orders make of a contest.
        level: coverage of the intervals, in (0, 1).
        replicates: which seeds are different runs; each of its own where it is not given.

    The samples and orders of one pair of labels at one prompt weigh one together, as in the win rate. A finite maximum
    exists exactly if no group of labels won everything against the rest (Ford 1957); otherwise the ratings are NaN and
    the note names the groups. Variances are the sandwich's over prompts, crossed with seeds.

    Raises:
        ValueError: rows that are none, or fewer than two labels.
        BenchError: the same verdict twice, other prompts in one seed.
    """
    examples = prompts(by_seed)
    every = pd.concat(by_seed.values())
    labels = np.array(sorted(set(every["label"]) | set(every["opponent"])))
    if len(labels) < 2 or (every["label"].to_numpy() == every["opponent"].to_numpy()).any():
        raise ValueError("expected contests of two labels or more, got one of a label against itself")
    played = [_games(rows, labels, examples, policy) for rows in by_seed.values()]
    notes = [(seed, _unbounded(games, labels)) for seed, games in zip(by_seed, played, strict=True)]
    note = "; ".join(f"seed {seed}: {why}" if len(by_seed) > 1 else why for seed, why in notes if why)
    fitted = [] if note else [_ratings(games, len(labels), len(examples)) for games in played]
    nan = np.full((len(by_seed), len(examples), len(labels)), np.nan)
    return Ratings(
        labels=tuple(labels.tolist()),
        seeds=tuple(by_seed),
        per_seed=nan[:, 0] if note else np.stack([values for values, _ in fitted]),
        influences=nan if note else np.stack([influences for _, influences in fitted]),
        contests=sum(games.contests for games in played),
        level=level,
        note=note,
        replicates=replicates,
    )


@dataclass(frozen=True, eq=False)
class _Games:
    """m encounters of one seed, each of one unordered pair of labels at one prompt."""

    lower: Array
    """[m] number of a label."""
    upper: Array
    """[m] number of a later label."""
    cluster: Array
    """[m] number of the prompt."""
    outcome: Array
    """[m] mean of what `lower` earned."""
    contests: int


def _games(rows: pd.DataFrame, labels: Array, examples: Array, policy: Policy) -> _Games:
    all_contests = contests(rows)
    outcome = all_contests.outcome(policy)
    label, opponent = np.searchsorted(labels, all_contests.label), np.searchsorted(labels, all_contests.opponent)
    lower, upper = np.minimum(label, opponent), np.maximum(label, opponent)
    keys = np.stack([lower, upper, np.searchsorted(examples, all_contests.example)])
    encounters, number = np.unique(keys, axis=1, return_inverse=True)
    mean = prompt_means(np.where(label < opponent, outcome, 1 - outcome), number.ravel(), encounters.shape[1])
    judged = np.isfinite(mean)
    return _Games(*encounters[:, judged], outcome=mean[judged], contests=int(np.isfinite(outcome).sum()))


def _unbounded(games: _Games, labels: Array) -> str:
    """Why no finite maximum exists: groups that never met, or that won everything; empty where one exists."""
    beat = np.zeros((len(labels), len(labels)))
    np.add.at(beat, (games.lower, games.upper), games.outcome)
    np.add.at(beat, (games.upper, games.lower), 1 - games.outcome)
    for connection, why in (("weak", "no contest links"), ("strong", "one side won every contest between")):
        count, group = connected_components(beat > 0, directed=True, connection=connection)
        if count > 1:
            names = [", ".join(labels[group == which]) for which in range(count)]
            return f"{why} {' | '.join(sorted(names))}: their ratings have no bound"
    return ""


def _ratings(games: _Games, n_labels: int, n_prompts: int) -> tuple[Array, Array]:
    """([labels] ratings of mean zero, [prompts, labels] influences)."""
    design = np.zeros((len(games.lower), n_labels))
    design[np.arange(len(design)), games.lower] = 1
    design[np.arange(len(design)), games.upper] = -1
    free, weight = design[:, 1:], np.ones(len(design))  # the first label is held at 0
    coefficients = fit(free, games.outcome, weight)
    influences = influence(free, games.outcome, weight, coefficients, games.cluster, n_prompts)
    ratings, influences = np.append(0, coefficients), np.insert(influences, 0, 0, axis=1)
    return ratings - ratings.mean(), influences - influences.mean(axis=1, keepdims=True)
