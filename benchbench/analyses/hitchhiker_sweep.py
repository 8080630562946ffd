"""How a method does over all hyper-parameters that were tried, and not only at the best ones.

Ahrabian et al. 2024, arXiv:2407.15229: methods that are alike at their best differ in how they do elsewhere, so what a
sweep gives is a distribution. A point is one setting of the grid, its mean over seeds. `over median` is what tuning
gains over a setting in the middle, `above baseline` the share of settings that beat a baseline such as the SFT model;
a setting that diverged is in the count, is never above the baseline, and has no place among the quantiles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchbench.analyses._grids import ranks, require_one_value
from benchbench.core.analysis import Analysed, Analysis, ChartLine, Inputs, LineChart, ResultTable, Row, RowsInput
from benchbench.core.analysis import RowField as Field
from benchbench.core.errors import BenchError
from benchbench.core.paper import Paper

TRIED = RowsInput(
    "tried",
    "A setting of a method's grid: a row of the log of `bench tune --log`.",
    (
        Field("method", "label", "What was tuned."),
        Field("mean", "number", "Mean of the metric over seeds; missing where training diverged.", optional=True),
        Field("setting", "label", "Of which setting; one in the file.", optional=True),
        Field("metric", "label", "What the mean is of; one in the file.", optional=True),
        Field("widened", "label", "Whether the value was added to the grid later.", optional=True),
        Field("kl", "number", "KL divergence from the start, nats.", optional=True),
        Field("length", "number", "Mean length of responses, tokens.", optional=True),
    ),
    rest=True,
)
QUANTILES = {"min": 0.0, "q25": 0.25, "median": 0.5, "q75": 0.75, "best": 1.0}


@dataclass(frozen=True)
class Options:
    """Which settings count, and against what."""

    methods: str = ""
    """Names of methods, separated by commas; all by default."""
    widened: bool = False
    """Count values that were added where the edge of a grid was chosen; without them all methods have the same grid."""
    baseline: float | None = None
    """Value of the same metric for the model before, such as SFT's; none for no share above it."""


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """Each method's settings, quantiles, spread and share above the baseline, the best median first.

    Raises:
        BenchError: several settings or metrics in one file, a method that is not there, or nothing that is finished.
    """
    rows = [row for row in inputs["tried"] if options.widened or row.get("widened") in (None, "")]
    require_one_value("tried", rows, "setting", "metric")
    names = [name.strip() for name in options.methods.split(",") if name.strip()]
    there = list(dict.fromkeys(str(row["method"]) for row in rows))
    if unknown := [name for name in names if name not in there]:
        raise BenchError(f"--set methods: expected methods of the file, found {', '.join(unknown)}")
    grids = {name: [row for row in rows if str(row["method"]) == name] for name in names or there}
    table = [_line(name, grid, options) for name, grid in grids.items()]
    if all(math.isnan(line["median"]) for line in table):
        raise BenchError("tried: expected a setting with a mean, found none that is finished")
    for name in ("best", "median"):
        for line, rank in zip(table, ranks([line[name] for line in table]), strict=True):
            line[f"rank by {name}"] = rank
    table.sort(key=lambda line: line["rank by median"])
    left_out = len(inputs["tried"]) - len(rows)
    notes = [f"{left_out} settings were added later and are left out; --set widened=true counts them"] * bool(left_out)
    notes.append("quantiles are over the settings that did not diverge, by linear interpolation between them")
    if len({line["settings"] for line in table}) > 1:
        notes.append("methods have different numbers of settings: more of them find a higher best")
    title = str(next((row["metric"] for row in rows if row.get("metric") is not None), "value"))
    lines = [_curve(name, grid) for name, grid in grids.items()]
    chart = LineChart("quantiles", "What a setting reaches", "share of settings, worst first", title, lines)
    return Analysed([ResultTable("sweep", f"{title} over hyper-parameters", table)], notes, charts=[chart])


def _values(grid: Sequence[Row], name: str) -> list[float]:
    return sorted(float(row[name]) for row in grid if row.get(name) is not None and not math.isnan(row[name]))


def _line(name: str, grid: Sequence[Row], options: Options) -> dict[str, Any]:
    values = _values(grid, "mean")
    at = {key: float(np.quantile(values, q)) if values else math.nan for key, q in QUANTILES.items()}
    above = math.nan
    if options.baseline is not None:
        above = sum(value > options.baseline for value in values) / len(grid)
    line = {"method": name, "settings": len(grid), "diverged": len(grid) - len(values), **at}
    line |= {"iqr": at["q75"] - at["q25"], "over median": at["best"] - at["median"], "above baseline": above}
    medians = {key: _values(grid, key) for key in ("kl", "length")}
    return line | {f"median {key}": float(np.median(x)) if x else math.nan for key, x in medians.items()}


def _curve(name: str, grid: Sequence[Row]) -> ChartLine:
    values = _values(grid, "mean")
    return ChartLine(name, [(place + 0.5) / len(values) for place in range(len(values))], values)


ANALYSIS = Analysis(
    name="hitchhiker_sweep",
    title="A method over all hyper-parameters that were tried",
    paper=Paper(
        "Ahrabian et al.", 2024, arxiv="2407.15229", title="The Hitchhiker's Guide to Human Alignment with *PO"
    ),
    analyse=analyse,
    inputs=(TRIED,),
    options=Options,
    open_question="Only abstracts could be read: the paper's grids and how it sums a sweep up are not checked.",
)
