"""Does it help to learn from one's own fresh responses, and to push responses down? A sweep of freshness by method.

Tajwar et al. 2024, arXiv:2404.14367, vary how old drawn responses are and which methods lower the likelihood of bad
ones. `bench compare rloo dpo@online dpo` and the same with `--set online.num_iterations=4` or
`--set online.steps_per_generation=4` are such runs, and measurements.csv collects them. The paper's tasks, models and
values are not reproduced.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from benchbench import methods
from benchbench.analyses._grids import MetricOptions, cells, label_of, measured, measurements, override
from benchbench.core.analysis import Analysed, Analysis, ChartLine, Inputs, LineChart, ResultTable, Row, RowField
from benchbench.core.errors import BenchError
from benchbench.core.method import Family, plain_name
from benchbench.core.paper import Paper
from benchbench.recipe import library

TITLE = "Preference Fine-Tuning of LLMs Should Leverage Suboptimal, On-Policy Data"
KNOBS = ("steps_per_generation", "num_iterations")
MEASUREMENTS = measurements(
    RowField(
        "age", "number", "Optimizer steps from a draw to its last use, 1 or more; else from recipe.", optional=True
    ),
)


def analyse(inputs: Inputs, options: MetricOptions) -> Analysed:
    """Each method by the age of its rows, against its freshest ones, and methods with and without a negative gradient.

    Raises:
        BenchError: no rows of the metric, an age below 1, or two values of one seed in a cell.
    """
    rows, notes = measured(inputs["measurements"], options.metric, options.scoring)
    places = [(label_of(row), pushes_down(str(row["method"])), age_of(row)) for row in rows]
    if any(age < 1 for *_, age in places):
        raise BenchError("measurements: column 'age': expected 1 or more, or nothing of rows that are not drawn")
    summaries: dict[Any, Mapping[str, Any]] = dict(sorted(cells(rows, places).items()))
    ages: dict[str, dict[float, float]] = {}
    for (method, _, age), summary in summaries.items():
        ages.setdefault(method, {})[age] = summary["mean"]
    table = [
        {"method": method, "pushes down": pushed, "age": age if age < math.inf else math.nan, **summary}
        | {"over freshest": summary["mean"] - ages[method][min(ages[method])]}
        for (method, pushed, age), summary in summaries.items()
    ]
    title = f"{options.metric} under {options.scoring}"
    by_age = [_contrast(age, summaries) for age in sorted({age for *_, age in summaries})]
    drawn = {name: {age: mean for age, mean in points.items() if age < math.inf} for name, points in ages.items()}
    lines = [ChartLine(name, [*points], [*points.values()]) for name, points in drawn.items() if points]
    notes += [
        "age: optimizer steps from a draw to its last use; n/a of rows that the data hold and nobody drew",
        "over freshest: less the mean of the same method's freshest rows; se: over seeds",
        "down less up: methods that push responses down less those that do not, means over methods",
    ]
    chart = LineChart("ages", f"{title} by age of the rows", "optimizer steps", title, lines)
    tables = [ResultTable("ages", f"{title} by age of the rows", table), ResultTable("push", "Pushing down", by_age)]
    return Analysed(tables, notes, charts=[chart])


def pushes_down(method: str) -> str:
    """`yes` where a method lowers the likelihood of some responses; `no` of likelihoods; `unknown` of other names."""
    name = plain_name(method)
    if name not in methods.names():
        return "unknown"
    return "no" if methods.get(name).family is Family.LIKELIHOOD else "yes"


def age_of(row: Row) -> float:
    """Age of a run's rows, from its column, or from its recipe's section `online` with what `--set` changed of it."""
    if row.get("age") is not None:
        return float(row["age"])
    section = _online().get(str(row.get("recipe")))
    changed = {knob: override(row, f"online.{knob}") for knob in KNOBS}
    if section is None and not any(changed.values()):
        return math.inf
    values = [changed[knob] or (section or {}).get(knob, 1) for knob in KNOBS]
    return float(math.prod(int(value) for value in values))


@cache
def _online() -> Mapping[str, Mapping[str, Any]]:
    """Name of each recipe of the library that draws at every step -> its section `online`."""
    sections = ((str(entry.values.get("name")), entry.values.get("online")) for entry in library.entries())
    return {name: section for name, section in sections if isinstance(section, Mapping)}


def _contrast(age: float, summaries: Mapping[Any, Mapping[str, Any]]) -> Row:
    of = {side: [s["mean"] for (_, p, a), s in summaries.items() if (p, a) == (side, age)] for side in ("yes", "no")}
    down, up = (sum(values) / len(values) if values else math.nan for values in of.values())
    counts = {"methods down": len(of["yes"]), "methods up": len(of["no"])}
    return {"age": age if age < math.inf else math.nan, **counts, "down less up": down - up}


ANALYSIS = Analysis(
    name="freshness_sweep",
    title="What fresh responses of one's own, and pushing responses down, are worth",
    paper=Paper("Tajwar et al.", 2024, arxiv="2404.14367", title=TITLE),
    analyse=analyse,
    inputs=(MEASUREMENTS,),
    options=MetricOptions,
)
