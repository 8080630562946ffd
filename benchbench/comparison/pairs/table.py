"""One column of a comparison: one metric under one scoring, a row for every label."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from benchbench.comparison.pairs.decision import Decision, decide
from benchbench.comparison.pairs.grid import Grid, MissingRunsError
from benchbench.comparison.pairs.measure import measure_one
from benchbench.comparison.pairs.replicates import Replicates, interval_of_runs, with_note
from benchbench.comparison.stats.bootstrap import bootstrap_interval, resample
from benchbench.comparison.stats.bounded import difference_of_rates, within
from benchbench.comparison.stats.clustered import seeded_interval
from benchbench.comparison.stats.intervals import Interval, undefined_interval, without_rounding
from benchbench.comparison.stats.power import UNKNOWN, Detectable, minimum_detectable_difference
from benchbench.core.clusters import over_prompts
from benchbench.core.measurement import Array, Measurement, Metric, PairScores
from benchbench.core.seeding import stream

RATE = "fraction"
"""Unit of metrics in [0, 1], whose differences lie in [-1, 1]."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One label against the baseline in one metric under one scoring; the baseline has a row without difference."""

    metric: str
    scoring: str
    candidate: str
    """Label of the row."""
    baseline: str
    """Label of the baseline."""
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    """[k] the candidate's value of each seed."""
    baseline_values: tuple[float, ...]
    """[k] the baseline's value of each seed; NaN where it has none."""
    differences: tuple[float, ...]
    """[k] candidate minus baseline; NaN in the baseline's own row."""
    mean: float
    """Mean of the values over seeds."""
    difference: float
    """Mean of the differences over seeds."""
    low: float
    """Lower bound of the difference at `level`."""
    high: float
    """Upper bound of the difference at `level`."""
    level: float
    """Coverage of the interval, in (0, 1)."""
    interval_method: str
    p: float
    """Two-sided p-value of no difference, uncorrected; with one seed it speaks of the two runs, not of the methods."""
    p_holm: float
    """Corrected over all rows of the headline column; NaN elsewhere, and where methods have one seed."""
    minimum_detectable_difference: float
    """True difference that is found with 80 % power, with a confidence of 80 %, at an uncorrected level of 1 - `level`;
    infinite where no difference that the metric can have is."""
    mdd_estimate: float = math.nan
    """The same without a confidence: with the standard error as it was estimated."""
    mdd_low: float = math.nan
    mdd_high: float = math.nan
    """5 to 95 % range of `mdd_estimate`, from the distribution of the estimated standard error."""
    n: int
    """Number of pairs."""
    prompts: int
    """Number of their prompts, which are the clusters of the interval."""
    unit: str
    direction: str
    note: str = ""
    marks: tuple[str, ...] = ()
    """What a reader must know of the row: untuned, audit, another device."""
    runs: int = 0
    """Number of different runs that the difference rests on; seeds that are copies of one run count once."""
    decision: Decision = field(default_factory=Decision)
    """What a decision needs beside the interval: equivalence, seeds that would settle it, single checkpoints."""
    interval: Interval | None = field(default=None, compare=False, repr=False)
    """Of the difference, as it was computed; none where the row is read from a table."""


@dataclass(frozen=True, eq=False)
class Table:
    """The grid of a comparison and how its numbers are made."""

    grid: Grid
    tie_credit: float
    """What a tied pair earns, in [0, 1]."""
    level: float
    """Coverage of the intervals, in (0, 1)."""
    rng_seed: int
    """Seed of the bootstrap."""
    draws: int
    """Number of bootstrap draws."""

    def column(self, metric: Metric, scoring: str) -> list[Comparison]:
        """The rows of one metric under one scoring; none where no label has it."""
        labels = [label for label in self.grid.labels if self._has(label, metric, scoring)]
        measured = {label: self._measure(label, metric, scoring) for label in labels}
        intervals = self._intervals(measured, metric, scoring)
        rows = [self._row(label, measured, intervals[label]) for label in labels]
        return [replace(row, decision=self._decision(row, metric, intervals[row.candidate])) for row in rows]

    def _decision(self, row: Comparison, metric: Metric, interval: Interval) -> Decision:
        """Empty for the baseline, and where a value of either side is undefined."""
        if row.candidate == row.baseline or not np.isfinite(row.differences).all():
            return Decision()
        sides = [self._scores(label, metric, row.scoring) for label in (row.candidate, row.baseline)]
        return decide(metric, interval, *sides)

    def _scores(self, label: str, metric: Metric, scoring: str) -> list[PairScores]:
        """[k] of each seed."""
        return [p.scores(scoring, tie_credit=self.tie_credit, reads=metric.reads) for p in self.grid.row(label)]

    def _has(self, label: str, metric: Metric, scoring: str) -> bool:
        having = [p.has(metric, scoring) for p in self.grid.row(label)]
        if any(having) and not all(having):
            missing = [(label, seed) for seed, has in zip(self.grid.seeds, having, strict=True) if not has]
            raise MissingRunsError(missing, what=f"{metric.name} under {scoring}")
        return all(having)

    def _measure(self, label: str, metric: Metric, scoring: str) -> list[Measurement]:
        return [measure_one(p, metric, scoring, tie_credit=self.tie_credit) for p in self.grid.row(label)]

    def _intervals(
        self, measured: Mapping[str, Sequence[Measurement]], metric: Metric, scoring: str
    ) -> dict[str, Interval]:
        """The interval of every label; only what is finite in every cell of both sides is compared."""
        baseline = self.grid.labels[0]
        intervals = {label: self._no_interval(label, measured) for label in measured}
        scores = {
            label: self._scores(label, metric, scoring)
            for label, measurements in measured.items()
            if np.isfinite(_values(measurements)).all()
        }
        if baseline not in scores:
            return intervals
        if metric.per_pair is not None:
            per_pair = {label: np.stack([metric.per_pair(s) for s in cells]) for label, cells in scores.items()}
            scale = _scale(metric, scores)
            compared = {
                label: self._crossed(label, without_rounding(values - per_pair[baseline], scale), scoring, metric.unit)
                for label, values in per_pair.items()
            }
        else:
            observed = {label: _values(measured[label]) for label in scores}
            compared = self._bootstrap(scores, observed, metric, scoring)
            if metric.unit == RATE:
                compared = {label: within(interval, -1.0, 1.0) for label, interval in compared.items()}
        return intervals | {label: interval for label, interval in compared.items() if label != baseline}

    def _crossed(self, label: str, differences: Array, scoring: str, unit: str) -> Interval:
        """The interval of [k, pairs] differences, in which copies of one run count once."""
        values = over_prompts(differences, self.grid.prompt)
        make = partial(difference_of_rates if unit == RATE else seeded_interval, level=self.level)
        return interval_of_runs(values, self._replicates(scoring, label), make)

    def _replicates(self, scoring: str, label: str) -> Replicates:
        return self.grid.replicates(scoring, *dict.fromkeys([label, self.grid.labels[0]]))

    def _bootstrap(
        self,
        scores: Mapping[str, Sequence[PairScores]],
        observed: Mapping[str, Array],
        metric: Metric,
        scoring: str,
    ) -> dict[str, Interval]:
        """All labels from the same draws, so that an interval does not depend on the other rows."""
        baseline = self.grid.labels[0]
        every = [cell for cells in scores.values() for cell in cells]
        rng = stream(self.rng_seed, "bootstrap prompts")
        ways = {"counted": metric.resampled, "placed": metric.drawn}
        drawn = resample(every, metric.value, rng=rng, draws=self.draws, **ways)
        by_label = dict(zip(scores, np.split(drawn, len(scores), axis=1), strict=True))  # [draws, k] each
        intervals: dict[str, Interval] = {}
        for label in scores:
            differences = np.vstack([observed[label], by_label[label]]) - np.vstack(
                [observed[baseline], by_label[baseline]]
            )  # [1 + draws, k]
            differences = without_rounding(differences, _scale(metric, scores))
            of_runs, note = self._replicates(scoring, label).merged(differences.T)
            interval = bootstrap_interval(
                of_runs[:, 0],
                of_runs[:, 1:].T,
                n=self.grid.prompts,
                level=self.level,
            )
            intervals[label] = replace(interval, note=with_note(interval.note, note))
        return intervals

    def _no_interval(self, label: str, measured: Mapping[str, Sequence[Measurement]]) -> Interval:
        baseline = self.grid.labels[0]
        if label == baseline:
            note = "baseline"
        elif baseline not in measured:
            note = f"not available for the baseline {baseline}"
        else:
            note = "undefined for a seed of the row or of the baseline"
        return undefined_interval(math.nan, level=self.level, note=note)

    def _row(self, label: str, measured: Mapping[str, Sequence[Measurement]], interval: Interval) -> Comparison:
        baseline, k = self.grid.labels[0], len(self.grid.seeds)
        measurements = measured[label]
        values = _values(measurements)
        of_baseline = _values(measured[baseline]) if baseline in measured else np.full(k, np.nan)
        differences = values - of_baseline if label != baseline else np.full(k, np.nan)
        alone, both = (
            self.grid.replicates(measurements[0].scoring, label),
            self._replicates(measurements[0].scoring, label),
        )
        note = interval.note if label != baseline else "; ".join(part for part in ("baseline", alone.note) if part)
        notes = [note, *_cell_notes(self.grid.seeds, measurements)]
        detectable = _detectable(interval, largest=1.0 if measurements[0].unit == RATE else math.inf)
        return Comparison(
            metric=measurements[0].metric,
            scoring=measurements[0].scoring,
            candidate=label,
            baseline=baseline,
            seeds=self.grid.seeds,
            values=tuple(values.tolist()),
            baseline_values=tuple(of_baseline.tolist()),
            differences=tuple(differences.tolist()),
            mean=alone.mean(values),
            difference=interval.mean,
            low=interval.low,
            high=interval.high,
            level=self.level,
            interval_method=interval.method,
            p=interval.p,
            p_holm=math.nan,
            minimum_detectable_difference=detectable.assured,
            mdd_estimate=detectable.estimate,
            mdd_low=detectable.low,
            mdd_high=detectable.high,
            runs=1 if interval.one_run else both.k,
            n=len(self.grid.examples),
            prompts=self.grid.prompts,
            unit=measurements[0].unit,
            direction=measurements[0].direction,
            note="; ".join(note for note in notes if note),
            marks=self.grid.marks[label],
            interval=interval,
        )


def _scale(metric: Metric, scores: Mapping[str, Sequence[PairScores]]) -> float:
    """Size of the numbers whose rounding a difference may be: of the scores, or 1 for a metric in a unit of its own."""
    if metric.unit != "score":
        return 1.0
    return max(float(np.abs(side).max()) for cells in scores.values() for s in cells for side in (s.chosen, s.rejected))


def _detectable(interval: Interval, *, largest: float) -> Detectable:
    """Of methods; one run says nothing of what more of them would see."""
    if interval.one_run:
        return UNKNOWN
    return minimum_detectable_difference(interval, largest=largest)


def _values(measured: Sequence[Measurement]) -> Array:
    return np.array([m.value for m in measured], dtype=np.float64)


def _cell_notes(seeds: Sequence[int], measured: Sequence[Measurement]) -> list[str]:
    notes = [m.note for m in measured]
    if len(set(notes)) == 1:
        return notes[:1]
    return [f"seed {seed}: {note}" for seed, note in zip(seeds, notes, strict=True) if note]
