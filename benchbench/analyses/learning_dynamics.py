"""Which behaviours DPO learns first: those whose agreeing and disagreeing statements lie far apart in the embedding.

Im and Li 2024, arXiv:2403.18742: preferences of higher distinguishability are learnt faster, and among others first.
Here distinguishability is the distance of the mean embeddings of the two sides, and the last layer alone is trained by
DPO to give one of two answers: a statement x of side y has loss -log sigmoid(beta y u.x), by gradient descent from 0,
for each behaviour alone and for all together with one u. Where both sides have equally many statements the first slope
is exactly -(beta * distance / 4)^2. Unit and origin of the embedding, and the learning rate, are ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchbench.comparison.lists.ranking import kendall_tau_b
from benchbench.comparison.stats.last_layer import behaviours_of, loss_curves
from benchbench.core.analysis import Analysed, Analysis, ChartLine, Inputs, LineChart, ResultTable, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array
from benchbench.core.paper import Paper
from benchbench.core.ranges import require_above_zero, require_at_least

STATEMENTS = RowsInput(
    "statements",
    "A statement with its embedding and its side of a behaviour.",
    (
        RowField("behaviour", "label", "Which behaviour, such as a persona."),
        RowField("agrees", "number", "1 where the preferred answer is yes, 0 where it is no."),
        RowField("embedding", "vector", "State of the last layer after the statement; one length in all rows."),
    ),
)


@dataclass(frozen=True)
class Options:
    """The training."""

    beta: float = 0.1
    """DPO's beta, > 0."""
    rate: float = 10.0
    """Learning rate of the last layer, for embeddings of unit spread within a side, > 0."""
    steps: int = 200
    """Steps of gradient descent, 1 or more."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "rate")
        require_at_least(self, 1, "steps")


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """Distinguishability of each behaviour beside its loss, alone and together, and how far one orders the other.

    Raises:
        BenchError: a behaviour with one side alone, embeddings of several lengths, or no spread within any side.
    """
    rows = inputs["statements"]
    if len({len(row["embedding"]) for row in rows}) > 1 or not {row["agrees"] for row in rows} <= {0, 1}:
        raise BenchError("statements: expected embeddings of one length, and 0 or 1 in column 'agrees'")
    embeddings = np.array([row["embedding"] for row in rows], dtype=np.float64)
    sides = np.array([1 if row["agrees"] else -1 for row in rows])
    try:
        behaviours = behaviours_of(embeddings, sides, np.array([str(row["behaviour"]) for row in rows]))
    except ValueError as error:
        raise BenchError(f"statements: {error}") from None
    training = {"beta": options.beta, "rate": options.rate, "steps": options.steps}
    alone = {name: loss_curves({name: behaviour}, **training)[name] for name, behaviour in behaviours.items()}
    together = loss_curves(behaviours, **training)
    lines = [
        {
            "behaviour": name,
            "statements": len(behaviour.sides),
            "distance": behaviour.distance,
            "loss alone": float(alone[name][-1]),
            "half at step": _half(alone[name]),
            "loss together": float(together[name][-1]),
        }
        for name, behaviour in sorted(behaviours.items(), key=lambda item: -item[1].distance)
    ]
    summary = {"behaviours": len(lines), "steps": options.steps}
    summary |= {f"tau-b, {column}": _tau(lines, column) for column in ("loss alone", "loss together")}
    notes = ["tau-b: of distance and loss, 1 where the most distinguishable is learnt best, and so on in order"]
    notes += [f"half at step: the first with half of the first loss, log 2; n/a: none within {options.steps}"]
    notes += ["tau-b n/a: one behaviour, or all distances or losses are equal"] * any(map(math.isnan, summary.values()))
    if any((np.diff(curve) > 0).any() for curve in alone.values()):
        notes.append(f"a loss rises: a rate of {options.rate:g} is too large for these embeddings; set a smaller one")
    tables = [("summary", "Distance and learning", [summary]), ("behaviours", "Behaviours", lines)]
    curves = [ChartLine(name, range(options.steps + 1), curve.tolist()) for name, curve in alone.items()]
    chart = LineChart("losses", "Each behaviour alone", "step", "loss, nats", curves)
    return Analysed([ResultTable(*table) for table in tables], notes, [chart])


def _half(curve: Array) -> float:
    below = np.flatnonzero(curve <= curve[0] / 2)
    return float(below[0]) if len(below) else math.nan


def _tau(lines: Sequence[Mapping[str, Any]], column: str) -> float:
    """Kendall's tau-b of distance and falling loss; NaN of one behaviour."""
    distance, loss = (np.array([[line[name] for line in lines]]) for name in ("distance", column))
    return float(kendall_tau_b(-loss, distance)[0]) if len(lines) > 1 else math.nan


ANALYSIS = Analysis(
    name="learning_dynamics",
    title="Which behaviours DPO learns first, by how far apart their sides are",
    paper=Paper(
        "Im and Li",
        2024,
        arxiv="2403.18742",
        title="Understanding the Learning Dynamics of Alignment with Human Feedback",
    ),
    analyse=analyse,
    inputs=(STATEMENTS,),
    options=Options,
    open_question="Only summaries could be read: the definition of distinguishability and the bounds are not checked.",
)
