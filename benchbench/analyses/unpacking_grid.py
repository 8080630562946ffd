"""What matters most, data, algorithm, reward model or prompts: a grid of runs, one factor moved at a time.

Ivison et al. 2024, arXiv:2406.09279, train DPO and PPO on several preference data, reward models and prompts. Cells are

    bench compare dpo ppo@rm --set data.options.flip_rate=0.2
    bench compare ppo@rm --set reward_model.max_steps=20 --set 'online.prompts={split: validation}'

and measurements.csv collects the runs. A level's effect is its value less the mean over all levels of its factor, where
nothing else differs. The paper's models, data and benchmarks are not reproduced.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from benchbench.analyses._grids import MetricOptions, cells, label_of, measured, measurements
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField
from benchbench.core.paper import Paper

AS_IT_IS = "as in the setting"
FACTORS = ("data", "algorithm", "reward model", "prompts")
SECTIONS = {"data": "data", "reward model": "reward_model", "prompts": "online.prompts"}
"""Factor -> beginning of the keys that move it."""
COLUMNS = {"data": "data", "reward model": "rewards", "prompts": "prompts"}
"""Factor -> column that names its level outright."""
MEASUREMENTS = measurements(
    RowField("data", "label", "Which preference data; else what `overrides` changes of `data`.", optional=True),
    RowField("rewards", "label", "Which reward model; else what it changes of `reward_model`.", optional=True),
    RowField("prompts", "label", "Prompts that are answered; else its `online.prompts`.", optional=True),
)


def analyse(inputs: Inputs, options: MetricOptions) -> Analysed:
    """The range that each factor makes where nothing else differs, the effect of each level, and all cells.

    Raises:
        BenchError: no rows of the metric, or two values of one seed in a cell.
    """
    rows, notes = measured(inputs["measurements"], options.metric, options.scoring)
    summaries: dict[Any, Mapping[str, Any]] = dict(
        cells(rows, [tuple(map(level_of(row).get, FACTORS)) for row in rows])
    )
    factors, levels = [], []
    for place, factor in enumerate(FACTORS):
        groups = _groups(summaries, place)
        ranges = [max(group.values()) - min(group.values()) for group in groups]
        names = list(dict.fromkeys(cell[place] for cell in summaries))
        mean = sum(ranges) / len(ranges) if ranges else math.nan
        line = {"factor": factor, "levels": len(names), "groups": len(groups), "range": mean}
        factors.append(line | {"largest": max(ranges, default=math.nan)})
        for name in names if groups else ():
            effects = [group[name] - sum(group.values()) / len(group) for group in groups if name in group]
            effect = sum(effects) / len(effects) if effects else math.nan
            levels.append({"factor": factor, "level": name, "groups": len(effects), "effect": effect})
    factors.sort(key=lambda line: (math.isnan(line["range"]), -line["range"]))
    table = [{**dict(zip(FACTORS, cell, strict=True)), **summary} for cell, summary in sorted(summaries.items())]
    notes.append(
        "groups: of two or more cells that differ in the factor alone; range: largest less smallest, mean of them"
    )
    notes += [f"{line['factor']}: n/a, no two cells differ in it alone" for line in factors if not line["groups"]]
    title = f"{options.metric} under {options.scoring}"
    return Analysed(
        [
            ResultTable("factors", f"What moves {title}", factors),
            ResultTable("levels", "Levels", levels),
            ResultTable("cells", title, table),
        ],
        notes,
    )


def level_of(row: Row) -> dict[str, str]:
    """Factor -> its level in a run."""
    levels = {"algorithm": label_of(row)}
    for factor, column in COLUMNS.items():
        levels[factor] = str(row[column]) if row.get(column) is not None else _changed(row, SECTIONS[factor])
    return levels


def _changed(row: Row, section: str) -> str:
    """What `--set` changed of a section, up to the next key."""
    text = str(row.get("overrides") or "")
    changes = re.findall(rf"(?:^|\s)({re.escape(section)}(?:\.\w+)*=.*?)(?=\s[a-z_]+(?:\.\w+)*=|$)", text)
    return ", ".join(changes) or AS_IT_IS


def _groups(summaries: Mapping[Any, Mapping[str, Any]], place: int) -> list[dict[str, float]]:
    """For each setting of the other factors with two or more levels of this one: level -> mean."""
    groups: dict[Any, dict[str, float]] = {}
    for cell, summary in summaries.items():
        groups.setdefault((*cell[:place], *cell[place + 1 :]), {})[cell[place]] = summary["mean"]
    return [group for group in groups.values() if len(group) > 1]


ANALYSIS = Analysis(
    name="unpacking_grid",
    title="What matters most: data, algorithm, reward model or prompts",
    paper=Paper("Ivison et al.", 2024, arxiv="2406.09279", title="Unpacking DPO and PPO"),
    analyse=analyse,
    inputs=(MEASUREMENTS,),
    options=MetricOptions,
)
