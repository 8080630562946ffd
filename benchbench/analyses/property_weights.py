"""What a judge, or people, reward: a logistic model of preference on the differences of annotated properties.

Li et al. 2024, arXiv:2402.11296: P(a preferred to b) = sigmoid(sum_k w_k (f_k(a) - f_k(b))), without an intercept, here
by maximum likelihood (the paper's fit is Bayesian) on the share of annotators that prefer a; a tie is 0.5. Rows without
annotated properties are described by what a rule reads off their texts. Standard errors are over prompts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.analyses._surface import prompt_names, properties_of
from benchbench.analyses._totals import refuse_group_all
from benchbench.comparison.stats.logistic_model import agreement, is_separable, log_loss, logistic_model
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array
from benchbench.core.paper import Paper

COMPARISONS = RowsInput(
    "comparisons",
    "Two responses to a prompt and who prefers which.",
    (
        RowField("p_a", "number", "Share of annotators, or probability, that prefers response a, in [0, 1]; tie: 0.5."),
        RowField("properties_a", "mapping", "Properties of response a; of all rows or of none.", optional=True),
        RowField("properties_b", "mapping", "Properties of response b, the same names.", optional=True),
        RowField("response_a", "text", "Text of response a, where properties are not given.", optional=True),
        RowField("response_b", "text", "Text of response b.", optional=True),
        RowField("prompt", "anything", "What both answer; rows of one prompt are one cluster.", optional=True),
        RowField("group", "label", "Judge or scenario, for weights of its own.", optional=True),
    ),
    rest=True,
)


@dataclass(frozen=True)
class Options:
    """Which properties are looked at."""

    properties: str = ""
    """Names, separated by commas; all by default."""


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """The weight of each property per unit and per standard deviation of its difference, and what the model explains.

    Raises:
        BenchError: neither properties nor texts, other properties in some rows, or some that say the same.
    """
    rows = inputs["comparisons"]
    sides = [(properties_of(row, "a"), properties_of(row, "b")) for row in rows]
    names = [name.strip() for name in options.properties.split(",") if name.strip()] or list(sides[0][0])
    if any(not set(names) <= side.keys() for pair in sides for side in pair):
        known = ", ".join(sides[0][0])
        raise BenchError(f"comparisons: expected the properties {', '.join(names)} in every row; the first has {known}")
    difference = np.array([[a[name] - b[name] for name in names] for a, b in sides], dtype=np.float64)
    share = np.array([row["p_a"] for row in rows], dtype=np.float64)
    if (share < 0).any() or (share > 1).any():
        raise BenchError("comparisons: column 'p_a': expected shares in [0, 1]; ties are 0.5")
    prompts = prompt_names(rows)
    labels = np.array([str(row["group"]) if row.get("group") is not None else "" for row in rows])
    refuse_group_all("comparisons", "group", labels)
    weights, fits, notes = [], [], ["per sd: for a difference of one standard deviation; p: of no weight, uncorrected"]
    unread = sorted({name for pair in sides for side in pair for name in side} - set(names))
    notes += [f"properties not looked at: {', '.join(unread)}"] if unread else []
    for group in dict.fromkeys(["all", *filter(None, labels)]):
        inside = np.full(len(rows), fill_value=True) if group == "all" else labels == group
        lines, line, remarks = _fit(group, names, difference[inside], share[inside], np.array(prompts)[inside])
        weights, fits, notes = weights + lines, [*fits, line], notes + remarks
    return Analysed([ResultTable("fits", "Models", fits), ResultTable("weights", "Weights", weights)], notes)


def _fit(
    group: str, names: Sequence[str], difference: Array, share: Array, prompts: Array
) -> tuple[list[Row], Row, list[str]]:
    spread = np.sqrt((difference**2).mean(axis=0))
    same = [names[k] for k in range(len(names)) if spread[k] == 0]
    certain = [names[k] for k in range(len(names)) if is_separable(difference[:, [k]], share)]
    differing = [k for k in range(len(names)) if names[k] not in {*same, *certain}]
    notes = [f"{group}: left out, the same on both sides of every pair: {', '.join(same)}"] if same else []
    notes += [f"{group}: left out, what differs in it always wins or loses: {', '.join(certain)}"] if certain else []
    line = {"group": group, "pairs": len(share), "prompts": len(set(prompts))}
    line |= {"log loss": math.nan, "of a coin": math.log(2), "agreement": math.nan}
    if not differing:
        return [], line, [*notes, f"{group}: no property is left to weigh"]
    design = difference[:, differing] / spread[differing]
    if len(design) < len(differing):
        return [], line, [*notes, f"{group}: {len(design)} pairs are too few for {len(differing)} properties"]
    if np.linalg.matrix_rank(design) < len(differing):
        raise BenchError(f"{group}: a property follows from others; name those to look at: --set properties=A,B")
    model = logistic_model(design, share, np.unique(prompts, return_inverse=True)[1])
    notes += [f"{group}: {model.note}"] if model.note else []
    columns = zip(differing, model.coefficients, model.se, model.p_values, strict=True)
    lines = [
        {"group": group, "property": names[k], "weight": w / spread[k], "se": se / spread[k], "per sd": w, "p": p}
        for k, w, se, p in columns
    ]
    line["log loss"] = log_loss(design, share, model.coefficients)
    line["agreement"] = agreement(design, share, model.coefficients)
    return sorted(lines, key=lambda row: -abs(row["per sd"])), line, notes


ANALYSIS = Analysis(
    name="property_weights",
    title="What a judge or people reward: weights of properties",
    paper=Paper("Li et al.", 2024, arxiv="2402.11296", title="Dissecting Human and LLM Preferences"),
    analyse=analyse,
    inputs=(COMPARISONS,),
    options=Options,
)
