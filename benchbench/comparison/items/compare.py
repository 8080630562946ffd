"""Models against a baseline by what another tool scored: differences over the same items, with all that a claim needs.

With one run of each model the interval and the test are over items, and speak of these models and not of how they were
trained: McNemar's mid-p where every item is right or wrong, else the t test. With several runs (seeds) of each, items
and runs are crossed, as in every table of this bench.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from benchbench.comparison.items.grid import ItemGrid
from benchbench.comparison.items.values import ItemValues, item_values
from benchbench.comparison.pairs.decision import MCNEMAR, Decision
from benchbench.comparison.pairs.replicates import Replicates, interval_of_runs
from benchbench.comparison.pairs.table import RATE, Comparison
from benchbench.comparison.stats.bounded import difference_of_rates
from benchbench.comparison.stats.clustered import ONE_SEED, seeded_interval
from benchbench.comparison.stats.equivalence import equivalent_within
from benchbench.comparison.stats.families import holm_of_family
from benchbench.comparison.stats.improvement import probability_of_improvement
from benchbench.comparison.stats.intervals import Interval, undefined_interval
from benchbench.comparison.stats.mcnemar import mcnemar
from benchbench.comparison.stats.power import Detectable, minimum_detectable_difference
from benchbench.comparison.stats.seeds import seeds_needed
from benchbench.core.measurement import Array

ONE_RUN = "one run of each: variance over training seeds is unknown"
"""Said of every difference between models that were trained once."""
_POINTS = (0.0, 0.5, 1.0)


def compare_items(
    grid: ItemGrid, group: str, metric: str, *, cluster: str | None = None, level: float = 0.95
) -> list[Comparison]:
    """One metric over one group: a row per label, the baseline first, uncorrected for any family.

    The metric's name stands in `Comparison.metric`, the group's in `Comparison.scoring`.

    Args:
        grid: of the comparison.
        group: one of its groups.
        metric: one that every run has for it.
        cluster: column whose labels name clusters of items.
        level: coverage of the intervals, in (0, 1).

    Raises:
        BenchError: a metric or column that a run does not have.
    """
    values = item_values(grid, group, metric, cluster=cluster)
    return [_row(grid, values, label, level) for label in grid.labels]


def with_holm(rows: Sequence[Comparison]) -> list[Comparison]:
    """The rows as one family of tests, baselines apart, with p-values after Holm's step-down."""
    family = [place for place, row in enumerate(rows) if row.candidate != row.baseline]
    members = [rows[place] for place in family]
    corrected = holm_of_family([row.p for row in members], [row.interval for row in members])
    adjusted = dict(zip(family, corrected, strict=True))
    return [replace(row, p_holm=float(adjusted[place])) if place in adjusted else row for place, row in enumerate(rows)]


def _row(grid: ItemGrid, values: ItemValues, label: str, level: float) -> Comparison:
    baseline, seeds = grid.labels[0], grid.seeds
    of_label, of_baseline = _means(values, label), _means(values, baseline)
    runs = grid.replicates(*dict.fromkeys([label, baseline]))
    if label == baseline:
        interval, decision = undefined_interval(math.nan, level=level, note="baseline"), Decision()
    else:
        interval = _interval(values, label, baseline, runs, level)
        decision = _decision(values, label, baseline, interval)
    detectable = _detectable(interval, values.unit)
    notes = [interval.note, _undefined(values, label), values.note(label, baseline)]
    differences = of_label - of_baseline if label != baseline else np.full(len(seeds), np.nan)
    return Comparison(
        metric=values.metric,
        scoring=values.group,
        candidate=label,
        baseline=baseline,
        seeds=seeds,
        values=tuple(of_label.tolist()),
        baseline_values=tuple(of_baseline.tolist()),
        differences=tuple(differences.tolist()),
        mean=grid.replicates(label).mean(of_label),
        difference=interval.mean,
        low=interval.low,
        high=interval.high,
        level=level,
        interval_method=interval.method,
        p=decision.checkpoint_p[0] if len(decision.checkpoint_p) == 1 else interval.p,
        p_holm=math.nan,
        minimum_detectable_difference=detectable.assured,
        mdd_estimate=detectable.estimate,
        mdd_low=detectable.low,
        mdd_high=detectable.high,
        n=values.n,
        prompts=values.clusters,
        unit=values.unit,
        direction=values.direction,
        note="; ".join(dict.fromkeys(note for note in notes if note)),
        marks=grid.marks[label],
        runs=1 if interval.one_run else runs.k,
        decision=decision,
        interval=interval,
    )


def _means(values: ItemValues, label: str) -> Array:
    """[k] the metric at each seed; NaN without items."""
    of_label = values.values[label]
    return of_label.mean(axis=1) if values.n else np.full(len(of_label), np.nan)


def _interval(values: ItemValues, label: str, baseline: str, runs: Replicates, level: float) -> Interval:
    differences = values.values[label] - values.values[baseline]
    if not np.isfinite(differences).all():
        return undefined_interval(math.nan, level=level, note="undefined for a run of the row or of the baseline")
    by_cluster = values.over_clusters(differences)
    make = partial(difference_of_rates if values.unit == RATE else seeded_interval, level=level)
    interval = interval_of_runs(by_cluster, runs, make)
    note = interval.note.replace(ONE_SEED, ONE_RUN)
    unit = "items" if values.cluster is None else "clusters of items"
    return replace(interval, note=_of(unit, note), method=_of(unit, interval.method))


def _of(unit: str, text: str) -> str:
    """What is said of prompts, said of what takes their place."""
    singular = unit.replace("items", "item") if unit == "items" else "cluster of items"
    return text.replace("prompts", unit).replace("prompt", singular)


def _detectable(interval: Interval, unit: str) -> Detectable:
    """Between these models where there is one run of each, else between methods."""
    return minimum_detectable_difference(interval, largest=1.0 if unit == RATE else math.inf)


def _decision(values: ItemValues, label: str, baseline: str, interval: Interval) -> Decision:
    sides = [values.values[name] for name in (label, baseline)]
    improved = probability_of_improvement(_means(values, label), _means(values, baseline), direction=values.direction)
    decision = Decision(probability_of_improvement=improved)
    # McNemar's test takes items as independent, so none is made over clusters
    if (
        values.unit == RATE
        and values.cluster is None
        and values.n
        and all(np.isin(side, _POINTS).all() for side in sides)
    ):
        tests = tuple(mcnemar(a, b).mid_p for a, b in zip(*sides, strict=True))
        decision = replace(decision, checkpoint_test=MCNEMAR, checkpoint_p=tests)
    if interval.one_run:
        return decision
    return replace(decision, equivalent_within=equivalent_within(interval), seeds_needed=seeds_needed(interval))


def _undefined(values: ItemValues, label: str) -> str:
    """How many items have no number, where that is a fault of the run; empty where all have one."""
    count = int((~np.isfinite(values.values[label])).any(axis=0).sum())
    return f"{count} of {values.n} items have no number, so neither has the mean" if count else ""
