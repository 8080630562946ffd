"""How much a method gains from more data: its metric by the fraction of the training pairs, and by their mix.

Bernardelle and Demartini 2024, arXiv:2410.16586, train DPO on percentages of a combined data set, and on kinds of
prompts alone. Here transform `fraction` keeps nested parts of the training pairs, of all groups or of some:

    bench compare dpo --set 'data.transforms=[{name: fraction, splits: [train], options: {fraction: 0.25}}]'

once for each fraction and once without it; measurements.csv collects the runs. Where a recipe counts steps, less data
means more epochs over them. The paper's data, percentages, models and judge are not reproduced.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchbench.analyses._grids import cells, label_of, measured, measurements, transforms_of
from benchbench.core.analysis import Analysed, Analysis, ChartLine, Inputs, LineChart, ResultTable, Row, RowField
from benchbench.core.errors import BenchError
from benchbench.core.paper import Paper
from benchbench.core.ranges import require_within

FRACTION = "fraction"
MEASUREMENTS = measurements(
    RowField("fraction", "number", "Fraction of the data; else as `overrides` says, 1 without it.", optional=True),
    RowField("mix", "label", "Which data; else the groups that `overrides` names, `all` without them.", optional=True),
)


@dataclass(frozen=True)
class Options:
    """What is plotted."""

    metric: str = "pair_accuracy"
    """Metric of the rows that are read."""
    scoring: str = "logp_mean"
    """Scoring of the rows that are read."""
    near: float = 0.95
    """Share of the gain from the smallest fraction to all data that counts as near it, in (0, 1]."""

    def __post_init__(self) -> None:
        require_within(self, "near", "(0, 1]", what="share")


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """Mean over seeds of each method, mix and fraction, its gain over the fraction before, and where a curve is flat.

    Raises:
        BenchError: no rows of the metric, a fraction outside (0, 1], or two values of one seed.
    """
    rows, notes = measured(inputs["measurements"], options.metric, options.scoring)
    summaries: dict[Any, Mapping[str, Any]] = dict(cells(rows, [(label_of(row), *_data(row)) for row in rows]))
    curves: dict[tuple[str, str], list[tuple[float, Mapping[str, Any]]]] = {}
    for (method, mix, fraction), summary in summaries.items():
        curves.setdefault((method, mix), []).append((fraction, summary))
    ordered = {name: sorted(points, key=lambda point: point[0]) for name, points in sorted(curves.items())}
    table = [line for name, points in ordered.items() for line in _lines(*name, points)]
    flat = [_flat(*name, points, options.near) for name, points in ordered.items()]
    lines = [
        ChartLine(f"{method} ({mix})", [x for x, _ in points], [float(s["mean"]) for _, s in points])
        for (method, mix), points in ordered.items()
    ]
    notes.append("gain: over the fraction before; se: over the seeds of a fraction, n/a of one run")
    notes.append(f"enough: smallest fraction with {options.near:g} of the gain from the smallest to the largest one")
    notes += [f"{sum(len(p) < 2 for p in ordered.values())} curves have one fraction, which is no curve"] * any(
        len(points) < 2 for points in ordered.values()
    )
    title = f"{options.metric} under {options.scoring}"
    chart = LineChart("curves", f"{title} by data", "fraction of the training data", title, lines)
    tables = [ResultTable("curves", f"{title} by fraction", table), ResultTable("enough", "How much is enough", flat)]
    return Analysed(tables, notes, charts=[chart])


def _data(row: Row) -> tuple[str, float]:
    """Mix and fraction of a run."""
    steps = [step for step in transforms_of(row) if step.get("name") == FRACTION]
    if len(steps) > 1:
        raise BenchError("measurements: expected one transform 'fraction' in a run's overrides, found several")
    options = steps[0].get("options", {}) if steps else {}
    fraction = row["fraction"] if row.get("fraction") is not None else options.get("fraction", 1.0)
    if not 0 < fraction <= 1:
        raise BenchError(f"measurements: expected fractions in (0, 1], found {fraction:g}")
    groups = ", ".join(f"{value:g}" for value in options.get("values", ()))
    mix = row.get("mix") or (f"{options['column']} {groups}" if options.get("column") else "all")
    return str(mix), float(fraction)


def _lines(method: str, mix: str, points: Sequence[tuple[float, Mapping[str, Any]]]) -> list[Row]:
    before = [math.nan, *(summary["mean"] for _, summary in points)]
    return [
        {"method": method, "mix": mix, "fraction": fraction, **summary, "gain": summary["mean"] - before[place]}
        for place, (fraction, summary) in enumerate(points)
    ]


def _flat(method: str, mix: str, points: Sequence[tuple[float, Mapping[str, Any]]], near: float) -> Row:
    (_, first), (largest, last) = points[0], points[-1]
    whole = last["mean"] - first["mean"] if len(points) > 1 else math.nan
    reached = [x for x, summary in points if whole > 0 and summary["mean"] - first["mean"] >= near * whole]
    enough = reached[0] if reached else math.nan
    return {"method": method, "mix": mix, "fractions": len(points), "largest": largest, "gain": whole, "enough": enough}


ANALYSIS = Analysis(
    name="data_fraction_sweep",
    title="How much a method gains from more data, by fraction and mix",
    paper=Paper(
        "Bernardelle and Demartini",
        2024,
        arxiv="2410.16586",
        title="Optimizing LLMs with Direct Preferences: A Data Efficiency Perspective",
    ),
    analyse=analyse,
    inputs=(MEASUREMENTS,),
    options=Options,
)
