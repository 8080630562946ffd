"""Who wrote the two sides of the training pairs, against how safe the trained model is and how separable the sides are.

Wang et al. 2025, arXiv:2504.02193 (More is Less): where stronger models write the chosen side, the sides are easily
told apart, and the model that is trained on them is attacked more successfully than one that was trained on its own
responses alone. A row is one trained model: who wrote its chosen and its rejected responses, its attack success (of
`attack_success`) and the separability of its data (of `separability`); the analysis puts the conditions side by side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.paper import Paper

RUNS = RowsInput(
    "runs",
    "A trained model with what its data and its responses were measured to be.",
    (
        RowField("chosen", "label", "Who wrote the chosen responses, such as self."),
        RowField("rejected", "label", "Who wrote the rejected ones."),
        RowField("attack_success", "number", "Attack success rate, in [0, 1]."),
        RowField("separability", "number", "Held-out accuracy of a linear probe, in [0, 1].", optional=True),
        RowField("task", "number", "A metric of general tasks, higher is better.", optional=True),
        RowField("method", "label", "What it was trained with; one where it is missing.", optional=True),
        RowField("seed", "label", "Of the run.", optional=True),
    ),
)
MEASURED = ("attack_success", "separability", "task")


@dataclass(frozen=True)
class Options:
    """What the others are compared with."""

    self: str = "self"
    """Who writes both sides of the condition that others are compared with."""


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """Means over seeds of every condition, against the one of own responses, and what goes together over conditions.

    Raises:
        BenchError: a rate outside [0, 1].
    """
    conditions: dict[tuple[str, str, str], list[Row]] = {}
    for row in inputs["runs"]:
        if any(not 0 <= row[k] <= 1 for k in MEASURED[:2] if row.get(k) is not None):
            raise BenchError("runs: expected attack_success and separability in [0, 1], found a number outside")
        conditions.setdefault((str(row.get("method") or "-"), str(row["chosen"]), str(row["rejected"])), []).append(row)
    table: list[dict[str, Any]] = []
    for (method, chosen, rejected), rows in conditions.items():
        means = {name: _mean(rows, name) for name in MEASURED}
        beside = _mean(conditions.get((method, options.self, options.self), []), "attack_success")
        place = {"method": method, "chosen": chosen, "rejected": rejected, "runs": len(rows)}
        table.append({**place, **means, "over self": means["attack_success"] - beside})
    table.sort(key=lambda line: (line["method"], line["attack_success"]))
    methods = dict.fromkeys(line["method"] for line in table)
    together = [_together(name, [line for line in table if line["method"] == name]) for name in methods]
    notes = [f"over self: attack success less that of {options.self} on both sides; n/a where that was not run"]
    notes.append("rank correlation: Spearman's over conditions; n/a of fewer than three, or where one does not vary")
    tables = [ResultTable("conditions", "Who wrote the pairs", table), ResultTable("together", "Together", together)]
    return Analysed(tables, notes)


def _mean(rows: Sequence[Row], name: str) -> float:
    values = [row[name] for row in rows if row.get(name) is not None]
    return float(np.mean(values)) if values else math.nan


def _together(method: str, lines: Sequence[Row]) -> Row:
    from scipy import stats

    pairs = [(line["separability"], line["attack_success"]) for line in lines if not math.isnan(line["separability"])]
    varies = len(pairs) > 2 and all(len(set(values)) > 1 for values in zip(*pairs, strict=True))
    first, second = ([pair[side] for pair in pairs] for side in (0, 1))
    rank = float(np.asarray(stats.spearmanr(first, second))[0]) if varies else math.nan
    return {"method": method, "conditions": len(pairs), "separability with attack success": rank}


ANALYSIS = Analysis(
    name="more_is_less",
    title="Who wrote the pairs, how separable they are, and how safe the model is",
    paper=Paper(
        "Wang et al.",
        2025,
        arxiv="2504.02193",
        title="More is Less: The Pitfalls of Multi-Model Synthetic Preference Data in DPO Safety Alignment",
    ),
    analyse=analyse,
    inputs=(RUNS,),
    options=Options,
    open_question="Only abstracts could be read: models, data, attacks and benchmarks are not the paper's.",
)
