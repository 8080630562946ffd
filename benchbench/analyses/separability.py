"""How well a line through a model's states tells the chosen responses from the rejected ones.

Wang et al. 2025, arXiv:2504.02193 (More is Less): where the two sides of a preference data set are told apart almost
perfectly, a method can learn what gives them away in the place of what makes one better. A logistic probe is trained
on all prompts but a fold and tested on that fold; beside it stands what it reaches where sides change places by lot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.comparison.stats.separability import separability
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array
from benchbench.core.paper import Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.seeding import stream

STATES = RowsInput(
    "states",
    "A response with the model's state, as `bench export states` writes them.",
    (
        RowField("example", "label", "Which example it belongs to."),
        RowField("candidate", "number", "Place in the example: 0 is the chosen response, every other is rejected."),
        RowField("state", "vector", "d numbers, the same d in all rows."),
        RowField("prompt", "label", "Examples of one prompt are in one fold; else each by itself.", optional=True),
        RowField("data", "label", "Which data set, such as who wrote the responses; else one.", optional=True),
        RowField("dimension", "label", "Rows of another than `preferred` are not read.", optional=True),
    ),
    rest=True,
)
PREFERRED = "preferred"


@dataclass(frozen=True)
class Options:
    """How the probe is checked."""

    folds: int = 5
    """Parts of the cross-validation, 2 or more."""
    shuffles: int = 10
    """Probes on pairs whose sides change places by lot, 1 or more."""
    seed: int = 0
    """Seed of these draws."""

    def __post_init__(self) -> None:
        require_at_least(self, 2, "folds")
        require_at_least(self, 1, "shuffles")


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """Held-out accuracy of the probe on each data set, over responses and over pairs, and where sides are drawn.

    Raises:
        BenchError: states of several lengths, no pairs, or an example twice in one data set.
    """
    rows = [row for row in inputs["states"] if row.get("dimension") in (None, PREFERRED)]
    if (lengths := len({len(row["state"]) for row in rows})) != 1:
        fault = "vectors of one length, found several" if lengths else f"rows of dimension '{PREFERRED}', found none"
        raise BenchError(f"states: expected {fault}")
    data: dict[str, list[Row]] = {}
    for row in rows:
        data.setdefault(str(row.get("data") or "all"), []).append(row)
    table, remarks = zip(*(_line(name, _pairs(name, members), options) for name, members in data.items()), strict=True)
    notes = ["accuracy: share of held-out responses on their side; pair accuracy: of pairs in the right order"]
    notes.append(f"by lot: mean accuracy of {options.shuffles} probes where the sides of each pair are drawn")
    return Analysed([ResultTable("separability", "Chosen against rejected", table)], [*filter(None, remarks), *notes])


def _pairs(name: str, rows: Sequence[Row]) -> list[tuple[str, Array, Array]]:
    chosen = {str(row["example"]): np.asarray(row["state"], dtype=np.float64) for row in rows if row["candidate"] == 0}
    if len({(str(row["example"]), row["candidate"]) for row in rows}) < len(rows):
        raise BenchError(f"states: data '{name}': expected each candidate of an example once, found one twice")
    pairs = [  # prompt, and [d] states of both sides
        (str(row.get("prompt") or row["example"]), chosen[str(row["example"])], np.asarray(row["state"], np.float64))
        for row in rows
        if row["candidate"] != 0 and str(row["example"]) in chosen
    ]
    if not pairs:
        raise BenchError(f"states: data '{name}': expected examples with candidate 0 and another, found none")
    return pairs


def _line(name: str, pairs: Sequence[tuple[str, Array, Array]], options: Options) -> tuple[Row, str]:
    names, *sides = zip(*pairs, strict=True)
    chosen, rejected = map(np.array, sides)
    prompts = np.unique(names, return_inverse=True)[1]
    probed = separability(chosen, rejected, prompt=prompts, folds=options.folds)
    rng = stream(options.seed, f"sides of {name}")
    drawn = [_by_lot(chosen, rejected, prompts, options.folds, rng) for _ in range(options.shuffles)]
    rates = {"accuracy": probed.accuracy, "pair accuracy": probed.pair_accuracy, "by lot": float(np.mean(drawn))}
    line = {"data": name, "pairs": probed.pairs, "prompts": int(prompts.max()) + 1, **rates}
    return line, f"data {name}: {probed.note}" if probed.note else ""


def _by_lot(chosen: Array, rejected: Array, prompts: Array, folds: int, rng: np.random.Generator) -> float:
    swap = (rng.random(len(chosen)) < 0.5)[:, None]
    sides = np.where(swap, rejected, chosen), np.where(swap, chosen, rejected)
    return separability(*sides, prompt=prompts, folds=folds).accuracy


ANALYSIS = Analysis(
    name="separability",
    title="How well chosen and rejected responses are told apart by a model's states",
    paper=Paper(
        "Wang et al.",
        2025,
        arxiv="2504.02193",
        title="More is Less: The Pitfalls of Multi-Model Synthetic Preference Data in DPO Safety Alignment",
    ),
    analyse=analyse,
    inputs=(STATES,),
    options=Options,
    open_question="Only abstracts could be read: which states the paper's probe reads, and its split, are ours.",
)
