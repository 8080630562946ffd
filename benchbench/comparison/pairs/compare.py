"""Methods against a baseline: every metric, every scoring, paired over seeds and prompts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from benchbench import metrics as metric_room
from benchbench.comparison.pairs.grid import Admission, ScoredCell, make_grid
from benchbench.comparison.pairs.scorings import SCORINGS
from benchbench.comparison.pairs.table import Comparison, Table
from benchbench.comparison.stats.bootstrap import DRAWS
from benchbench.comparison.stats.families import holm_of_family
from benchbench.core.errors import BenchError, unknown_name

HEADLINE = ("pair_accuracy", "logp_mean")
"""Metric and scoring of the headline column, where a recipe names no other."""


def compare(
    cells: Sequence[ScoredCell],
    *,
    baseline: str,
    metrics: Sequence[str],
    tie_credit: float = 0.5,
    exclude: Sequence[str] = (),
    level: float = 0.95,
    rng_seed: int,
    headline: tuple[str, str] = HEADLINE,
    admission: Admission | None = None,
    draws: int = DRAWS,
) -> list[Comparison]:
    """Compare every label with the baseline.

    Args:
        cells: finished cells, every label at the same seeds.
        baseline: label of the baseline.
        metrics: names; the headline's metric is always added. Each is computed under every scoring at hand.
        tie_credit: what a tied pair earns, in [0, 1].
        exclude: flags; a pair with one of them is left out.
        level: coverage of the intervals, in (0, 1).
        rng_seed: seed of the bootstrap; an interval does not depend on which other rows there are.
        headline: metric and scoring whose rows form the Holm family.
        admission: what may stand side by side.
        draws: number of bootstrap draws.

    Returns:
        By metric, scoring and label, the baseline first.

    Raises:
        BenchError: cells that may not stand side by side, or a metric that none of them can give.
        MissingRunsError: a label without a finished run, or without scores, for a seed.
    """
    if headline[1] not in SCORINGS:
        raise unknown_name("scoring", headline[1], SCORINGS)
    grid = make_grid(cells, baseline=baseline, exclude=exclude, admission=admission)
    table = Table(grid, tie_credit, level, rng_seed, draws)
    rows: list[Comparison] = []
    for metric in (metric_room.get(name) for name in dict.fromkeys([headline[0], *metrics])):
        of_metric = [row for scoring in metric.scorings or SCORINGS for row in table.column(metric, scoring)]
        if not of_metric:
            scores = f"scores under {' or '.join(metric.scorings)}" if metric.scorings else "scores"
            needs = f"needs the column {', '.join(metric.columns)}" if metric.columns else f"needs {scores}"
            needs += f" with {' and '.join(metric.reads)} of every response" if metric.reads else ""
            raise BenchError(f"{metric.name}: {needs}, which no row of this comparison has")
        rows += of_metric
    if not any((row.metric, row.scoring) == headline for row in rows):
        raise BenchError(f"headline: expected {headline[0]} under {headline[1]}, which no row of this comparison has")
    return _with_holm(rows, headline)


def _with_holm(rows: Sequence[Comparison], headline: tuple[str, str]) -> list[Comparison]:
    family = [
        place
        for place, row in enumerate(rows)
        if (row.metric, row.scoring) == headline and row.candidate != row.baseline
    ]
    # one run says nothing of how runs differ, and a corrected p-value is read as a claim about methods
    tested = [rows[place].p if rows[place].runs > 1 else math.nan for place in family]
    adjusted = dict(zip(family, holm_of_family(tested, [rows[place].interval for place in family]), strict=True))
    return [replace(row, p_holm=float(adjusted[place])) if place in adjusted else row for place, row in enumerate(rows)]
