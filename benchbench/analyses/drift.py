"""Where probability goes in training: log-probabilities of chosen, rejected and unseen responses against the start.

Yan et al. 2024, arXiv:2406.07327 (3D-Properties): under DPO rejected responses fall faster than chosen ones (drop),
both fall (degradation), and what training never saw rises (dispersion). Drift is the summed log-probability of a
response under the policy less that under the reference, in nats, the mean over prompts with seeds crossed. Candidate 0
of an example is chosen, 1 rejected, further ones are unseen, unless `role` says otherwise. Rows may be of several
checkpoints; the log of a training shows the mean log-probabilities of its batches beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchbench.analyses._drift_inputs import LOG, SCORES, START
from benchbench.comparison.pairs.drift import (
    ROLES,
    by_method_and_step,
    by_seed_and_prompt,
    drift_frame,
    log_quarters,
    pair_drifts,
    role_drifts,
)
from benchbench.comparison.stats.clustered import seeded_interval
from benchbench.core.analysis import Analysed, Analysis, ChartLine, Inputs, LineChart, ResultTable
from benchbench.core.errors import BenchError
from benchbench.core.paper import Paper


def analyse(inputs: Inputs, options: Any) -> Analysed:
    """Drift of each role by method and step, drop and degradation, and the training's log in quarters.

    Raises:
        BenchError: an unknown role, a response twice, seeds with other examples, or no scores of the start.
    """
    drifts: list[dict[str, Any]] = []
    properties: list[dict[str, Any]] = []
    notes: dict[str, None] = {}
    try:
        start = pd.DataFrame(list(inputs["start"])) if "start" in inputs else None
        frame = drift_frame(pd.DataFrame(list(inputs["scores"])), start)
        has_steps = len(set(frame["step"])) > 1
        for name, step, part in by_method_and_step(frame):
            key = {"method": name} | ({"step": step} if has_steps else {})
            for role, mean, fell in role_drifts(part):
                drifts.append(
                    {**key, "role": role, "drift": mean.mean, "low": mean.low, "high": mean.high, "fell": fell}
                )
                notes |= {f"{name}: {mean.note}": None} if mean.note else {}
            pairs = pair_drifts(part)
            if len(pairs):
                drop = seeded_interval(by_seed_and_prompt(pairs, "drop"))
                fall = float(by_seed_and_prompt(pairs, "both_fall").mean())
                line = {**key, "drop": drop.mean, "low": drop.low, "high": drop.high, "both fall": fall}
                properties.append(line | {"pairs": len(pairs), "seeds": len(set(part["seed"]))})
    except ValueError as error:
        raise BenchError(f"scores: {error}; score them alike") from None
    tables = [ResultTable("drift", "Drift, nats per response", drifts)]
    tables += [ResultTable("properties", "Drop and degradation", properties)]
    if "log" in inputs:
        columns = {role: np.array([row[f"logps/{role}"] for row in inputs["log"]], dtype=float) for role in ROLES[:2]}
        quarters = log_quarters(np.array([row["step"] for row in inputs["log"]]), columns)
        tables.append(ResultTable("training", "The training's log, nats per response", quarters))
    remarks = [*notes, "drop: chosen less rejected drift; both fall, fell: shares of pairs and of responses"]
    if "unseen" not in set(frame["role"]):
        remarks.append("dispersion is not known: no unseen responses among the rows")
    return Analysed(tables, remarks, [_chart(drifts)] if has_steps else [])


def _chart(drifts: Sequence[Mapping[str, Any]]) -> LineChart:
    lines: dict[str, list[tuple[float, float]]] = {}
    for line in sorted(drifts, key=lambda line: line["step"]):
        lines.setdefault(f"{line['method']}, {line['role']}", []).append((line["step"], line["drift"]))
    drawn = [ChartLine(label, [x for x, _ in points], [y for _, y in points]) for label, points in lines.items()]
    return LineChart("drift", "Drift", "step", "nats per response", drawn)


ANALYSIS = Analysis(
    name="drift",
    title="Chosen, rejected and unseen responses over training",
    paper=Paper(
        "Yan et al.",
        2024,
        arxiv="2406.07327",
        title="3D-Properties: Identifying Challenges in DPO and Charting a Path Forward",
    ),
    analyse=analyse,
    inputs=(SCORES, START, LOG),
)
