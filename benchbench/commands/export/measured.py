"""What one finished cell was measured at, with intervals over prompts, for a model card."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from benchbench import metrics
from benchbench.commands.cell_rows import scored_cell
from benchbench.comparison.pairs.measure import measure_one
from benchbench.comparison.pairs.scorings import Pairs
from benchbench.comparison.stats.bounded import seeded_rate, within
from benchbench.comparison.stats.clustered import of_one_seed, prompt_interval
from benchbench.comparison.stats.intervals import Interval, t_interval, undefined_interval
from benchbench.core.measurement import Measurement, Metric
from benchbench.plan.graph import Cell
from benchbench.report.card_facts import CardMeasurement
from benchbench.store.runs import RunStore

BESIDE_THE_HEADLINE = ("pair_accuracy", "auc", "mean_margin")
"""Metrics of a card, under the headline's scoring."""
LEVEL = 0.95
_FRACTION = "fraction"


def card_measurements(cell: Cell, store: RunStore) -> list[CardMeasurement]:
    """The headline and a few more of a cell whose scores are finished, each with an interval over prompts alone."""
    recipe = cell.loaded.recipe
    headline, scoring = recipe.headline
    scored = scored_cell(cell, store, recipe.score.split)
    paired = scored.pairs(recipe.score.exclude)
    names = [name for name in dict.fromkeys([headline, *BESIDE_THE_HEADLINE]) if paired.has(metrics.get(name), scoring)]
    return list(_measured(names, scoring, paired, tie_credit=recipe.score.tie_credit))


def _measured(names: list[str], scoring: str, paired: Pairs, *, tie_credit: float) -> Iterator[CardMeasurement]:
    for name in names:
        metric = metrics.get(name)
        measured = measure_one(paired, metric, scoring, tie_credit=tie_credit)
        interval = measured_interval(metric, measured, paired, tie_credit=tie_credit)
        yield CardMeasurement(name, scoring, measured.unit, measured.n, interval, paired.split)


def measured_interval(metric: Metric, measured: Measurement, paired: Pairs, *, tie_credit: float) -> Interval:
    """The interval over prompts of one measurement of one run.

    A rate over pairs gets Wilson's interval and any other mean the t interval, both over prompts as clusters; what is
    no mean gets value +- t se with the metric's own standard error, cut to what it can be.
    """
    if math.isnan(measured.value):
        return undefined_interval(math.nan, level=LEVEL, note=measured.note)
    scores = paired.scores(measured.scoring, tie_credit=tie_credit, reads=metric.reads)
    if metric.per_pair is not None:
        values = metric.by_prompt(scores)
        interval = (
            seeded_rate(values[None, :], level=LEVEL) if _is_rate(measured) else of_one_seed(prompt_interval(values))
        )
    elif math.isfinite(measured.se) and measured.se > 0 and scores.prompts > 1:
        interval = t_interval(
            measured.value, measured.se, scores.prompts - 1, level=LEVEL, method="t, the metric's own standard error"
        )
        interval = of_one_seed(within(interval, 0.0, 1.0) if _is_rate(measured) else interval)
    else:
        interval = undefined_interval(measured.value, level=LEVEL, note="no standard error, so no interval")
    return replace(interval, note="; ".join(filter(None, (interval.note, measured.note))))


def _is_rate(measured: Measurement) -> bool:
    return measured.unit == _FRACTION
