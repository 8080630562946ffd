"""Which preferences a reward model represents: a linear probe on its frozen states, one for each dimension.

Wang et al. 2025, arXiv:2511.12464 (MRMBench): for each dimension, such as helpfulness or verbosity, a linear classifier
is trained on the state that the reward is read from; its accuracy on held-out rows says how much of the dimension is
there, beside the commonest label and probes on shuffled labels. Penalty, standardisation and cross-validation are ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.analyses._probes import probe_parts
from benchbench.comparison.stats.linear_probe import probe_accuracy
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.paper import Paper
from benchbench.core.ranges import require_above_zero, require_at_least
from benchbench.core.seeding import stream

STATES = RowsInput(
    "states",
    "A response with the model's state and a label of one dimension, as `bench export states` writes them.",
    (
        RowField("dimension", "label", "What the label is about, such as helpfulness."),
        RowField("label", "label", "The class, such as 0 or 1."),
        RowField("state", "vector", "What the reward is read from: d numbers, the same d in all rows."),
        RowField("split", "label", "`train` or `test`; of all rows of a dimension or of none.", optional=True),
        RowField("prompt", "label", "What it answers: rows of one prompt are in one fold.", optional=True),
    ),
    rest=True,
)


@dataclass(frozen=True)
class Options:
    """How a probe is trained and checked."""

    c: float = 1.0
    """Inverse strength of the L2 penalty, > 0; scikit-learn's default."""
    folds: int = 5
    """Parts of the cross-validation, 2 or more; not read where rows have a split."""
    shuffles: int = 20
    """Probes that are trained on shuffled labels, 1 or more."""
    seed: int = 0
    """Seed of folds and shuffles."""

    def __post_init__(self) -> None:
        require_above_zero(self, "c")
        require_at_least(self, 2, "folds")
        require_at_least(self, 1, "shuffles")


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """Accuracy of the probe of each dimension, of the commonest label, and of probes on shuffled labels.

    Raises:
        BenchError: states of different lengths, a split that is neither train nor test, or a dimension of one label.
    """
    dimensions: dict[str, list[Row]] = {}
    for row in inputs["states"]:
        dimensions.setdefault(str(row["dimension"]), []).append(row)
    if len({len(row["state"]) for row in inputs["states"]}) > 1:
        raise BenchError("states: column 'state': expected vectors of one length, found several")
    table = [_line(name, rows, options) for name, rows in dimensions.items()]
    notes = ["commonest: accuracy of always saying the commonest label of what is tested; se n/a: one row is tested"]
    notes += [f"shuffled: mean of {options.shuffles} probes on shuffled labels; p: share as accurate, this one counted"]
    if len(table) > 1:
        means = {name: float(np.mean([row[name] for row in table])) for name in ("accuracy", "commonest", "shuffled")}
        table.append({**dict.fromkeys(table[0], math.nan), "dimension": "mean", **means})
        notes.append("mean: over dimensions, each weighing the same; the rest is undefined for it")
    return Analysed([ResultTable("probes", "Linear probes", table)], notes)


def _line(name: str, rows: Sequence[Row], options: Options) -> Row:
    states = np.array([row["state"] for row in rows], dtype=np.float64)
    labels, classes = np.unique([str(row["label"]) for row in rows], return_inverse=True)
    if len(labels) < 2:
        raise BenchError(f"states: dimension '{name}': expected two labels or more, found '{labels[0]}' alone")
    parts = probe_parts(name, rows, options.folds, options.seed)
    tested = np.concatenate([test for _, test in parts])
    accuracy = probe_accuracy(states, classes, parts, options.c)
    rng = stream(options.seed, f"shuffled labels of {name}")
    shuffled = [probe_accuracy(states, rng.permutation(classes), parts, options.c) for _ in range(options.shuffles)]
    n = len(tested)
    return {
        "dimension": name,
        "tested": n,
        "labels": len(labels),
        "accuracy": accuracy,
        "se": math.sqrt(accuracy * (1 - accuracy) / n) if n > 1 else math.nan,
        "commonest": float(np.bincount(classes[tested]).max() / n),
        "shuffled": float(np.mean(shuffled)),
        "p": (1 + sum(other >= accuracy for other in shuffled)) / (1 + options.shuffles),
    }


ANALYSIS = Analysis(
    name="rm_probe",
    title="What a reward model's states say of each dimension of preference",
    paper=Paper("Wang et al.", 2025, arxiv="2511.12464", title="Probing Preference Representations"),
    analyse=analyse,
    inputs=(STATES,),
    options=Options,
)
