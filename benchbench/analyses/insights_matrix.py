"""Starting points, methods and sizes of data as one matrix: whether a method needs fine-tuning first, or more data.

Saeidi et al. 2024, arXiv:2404.14723, train alignment methods from a fine-tuned model, from a base model and from an
instruction-tuned one, on several sizes of data, and measure each on benchmarks. A cell is made by

    bench compare dpo ipo --set sft=null --set preference.reference=base --set reward_model.init_from=base

with `--set model.model_name_or_path=...` for another model, and transform `fraction` of `data.transforms` for another
size; measurements.csv collects the runs. The paper's models, sizes and 13 benchmarks are not reproduced: the metric is
whichever the rows have.
"""

from __future__ import annotations

import math
from typing import Any

from benchbench.analyses._grids import MetricOptions, cells, label_of, measured, measurements, override, transforms_of
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField
from benchbench.core.paper import Paper

MEASUREMENTS = measurements(
    RowField("start", "label", "Where training began; else as `overrides` says, `with SFT` without it.", optional=True),
    RowField("amount", "number", "Fraction or number of pairs; else as `overrides` says, 1 without it.", optional=True),
)


def analyse(inputs: Inputs, options: MetricOptions) -> Analysed:
    """Mean over seeds of every cell, each start against `with SFT`, and each size against the largest.

    Raises:
        BenchError: no rows of the metric, or two values of one seed in a cell.
    """
    rows, notes = measured(inputs["measurements"], options.metric, options.scoring)
    places = [(_start(row), label_of(row), _amount(row)) for row in rows]
    grid: dict[Any, Any] = dict(sorted(cells(rows, places).items(), key=lambda item: repr(item[0])))
    starts, methods, sizes = (list(dict.fromkeys(place[k] for place in grid)) for k in range(3))
    starts.sort(key=lambda start: (start != WITH_SFT, start))
    largest = max(sizes)
    table = [
        {
            "start": start,
            "method": method,
            "size": size,
            **summary,
            "over with SFT": summary["mean"] - _mean(grid, (WITH_SFT, method, size)),
            "over all data": summary["mean"] - _mean(grid, (start, method, largest)),
        }
        for (start, method, size), summary in grid.items()
    ]
    matrix = [
        {"method": method, "size": size, **{start: _mean(grid, (start, method, size)) for start in starts}}
        for method in methods
        for size in sorted(sizes)
    ]
    absent = len(starts) * len(methods) * len(sizes) - len(grid)
    notes += [f"{absent} cells of the matrix have no run: n/a"] if absent else []
    notes.append("se: over the seeds of a cell, n/a of one run; over: difference of means, n/a where one is missing")
    title = f"{options.metric} under {options.scoring}"
    tables = [ResultTable("matrix", title, matrix), ResultTable("cells", "Every cell", table)]
    return Analysed(tables, notes)


WITH_SFT = "with SFT"


def _start(row: Row) -> str:
    if row.get("start") is not None:
        return str(row["start"])
    start = "no SFT" if override(row, "sft") == "null" else WITH_SFT
    model = override(row, "model.model_name_or_path")
    return start if model is None else f"{start}, {model}"


def _amount(row: Row) -> float:
    steps = [step for step in transforms_of(row) if step.get("name") == "fraction"]
    return float(row["amount"] if row.get("amount") is not None else steps[0]["options"]["fraction"] if steps else 1.0)


def _mean(grid: Any, place: tuple[str, str, float]) -> float:
    return float(grid[place]["mean"]) if place in grid else math.nan


ANALYSIS = Analysis(
    name="insights_matrix",
    title="Methods by starting point and size of data",
    paper=Paper(
        "Saeidi et al.",
        2024,
        arxiv="2404.14723",
        title="Insights into Alignment: Evaluating DPO and its Variants Across Multiple Tasks",
    ),
    analyse=analyse,
    inputs=(MEASUREMENTS,),
    options=MetricOptions,
)
