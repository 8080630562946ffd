"""What a decision needs beside a difference and its interval: equivalence, seeds, runs and checkpoints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.comparison.stats.delong import CLUSTERED_DELONG, delong_interval
from benchbench.comparison.stats.equivalence import equivalence_p, equivalent_within
from benchbench.comparison.stats.improvement import probability_of_improvement
from benchbench.comparison.stats.intervals import Interval
from benchbench.comparison.stats.mcnemar import mcnemar
from benchbench.comparison.stats.seeds import seeds_needed
from benchbench.core.measurement import Array, Metric, PairScores

MCNEMAR = "McNemar mid-p"
_POINTS = (0.0, 0.5, 1.0)
"""What a pair may earn in a metric whose pairs are right or wrong."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Of one row of a comparison against its baseline; NaN where there is nothing to tell it from."""

    probability_of_improvement: float = math.nan
    """Share of pairs of runs in which the row's is better, in [0, 1]; NaN where neither direction is."""
    equivalence_margin: float = math.nan
    """Difference below which methods count as equal, the metric's own; NaN where none is proposed."""
    p_equivalence: float = math.nan
    """Larger p-value of the two one-sided tests of that margin, uncorrected; NaN with one run."""
    equivalent_within: float = math.nan
    """Smallest margin for which those tests at 5 % find the two equal; NaN with one run."""
    seeds_needed: float = math.nan
    """Seeds with which a true difference of the observed size is found with 80 % power, uncorrected; infinite where no
    number of seeds is enough; NaN with one run."""
    checkpoint_test: str = ""
    """Test of the two checkpoints of one seed; empty where the metric has none."""
    checkpoint_p: tuple[float, ...] = ()
    """[k] its two-sided p-value at each seed, uncorrected; it is about these checkpoints, not about the methods."""


def decide(
    metric: Metric, interval: Interval, candidate: Sequence[PairScores], baseline: Sequence[PairScores]
) -> Decision:
    """The decision that an interval and the scores of both sides at each seed, all over the same pairs, allow."""
    test, p = checkpoint_p(metric, candidate, baseline)
    values = [np.array([metric.value(scores) for scores in side]) for side in (candidate, baseline)]
    improved = probability_of_improvement(*values, direction=metric.direction)
    decision = Decision(probability_of_improvement=improved, checkpoint_test=test, checkpoint_p=p)
    if interval.one_run:
        return decision
    return Decision(
        probability_of_improvement=improved,
        equivalence_margin=metric.equivalence_margin,
        p_equivalence=equivalence_p(interval, metric.equivalence_margin),
        equivalent_within=equivalent_within(interval),
        seeds_needed=seeds_needed(interval),
        checkpoint_test=test,
        checkpoint_p=p,
    )


def checkpoint_p(
    metric: Metric, candidate: Sequence[PairScores], baseline: Sequence[PairScores]
) -> tuple[str, tuple[float, ...]]:
    """(name of the test, its p-value at each seed): McNemar's of right and wrong, DeLong's of areas, else nothing.

    McNemar's takes pairs as independent, so it is not made where pairs share a prompt.
    """
    pairs = list(zip(candidate, baseline, strict=True))
    influence, per_pair = metric.influence, metric.per_pair
    if influence is not None:
        intervals = [delong_interval(influence(a), influence(b), prompt=a.prompt) for a, b in pairs]
        return CLUSTERED_DELONG, tuple(interval.p for interval in intervals)
    if metric.unit != "fraction" or per_pair is None or any(scores.prompt is not None for scores in candidate):
        return "", ()
    points = [(per_pair(a), per_pair(b)) for a, b in pairs]
    if not all(np.isin(side, _POINTS).all() for both in points for side in both):
        return "", ()
    return MCNEMAR, tuple(_mid_p(*both) for both in points)


def _mid_p(candidate: Array, baseline: Array) -> float:
    return mcnemar(candidate, baseline).mid_p
