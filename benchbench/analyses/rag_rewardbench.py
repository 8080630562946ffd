"""How often a reward model prefers the right answer to a question with retrieved passages, by scenario.

Jin et al. 2024, arXiv:2412.13746: pairs of answers in scenarios such as multi-hop reasoning, fine-grained citation,
appropriate abstain and conflict robustness. A row has the scores of a pair, whatever
gave them; its accuracy is 1 where the chosen answer scores higher, 0 where the other does, and 0.5 for equal scores.
Each scenario has its accuracy over pairs; the mean over scenarios weighs them alike, that over pairs does not.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField, RowsInput
from benchbench.core.measurement import Array
from benchbench.core.paper import Paper

TITLE = "RAG-RewardBench: Benchmarking Reward Models in Retrieval Augmented Generation for Preference Alignment"
PAIRS = RowsInput(
    "pairs",
    "A pair of answers with its scores, as `bench export reward_bench` or any reward model gives them.",
    (
        RowField("scenario", "label", "Which scenario or subset it belongs to."),
        RowField("chosen", "number", "Score of the preferred answer; higher is better."),
        RowField("rejected", "number", "Score of the other answer."),
    ),
    rest=True,
)


def analyse(inputs: Inputs, options: Any) -> Analysed:
    """Accuracy by scenario, worst first, and both means."""
    rows = inputs["pairs"]
    margins = np.array([row["chosen"] - row["rejected"] for row in rows], dtype=np.float64)
    scenarios = np.array([str(row["scenario"]) for row in rows])
    lines = [_line(name, margins[scenarios == name]) for name in dict.fromkeys(scenarios.tolist())]
    means = (
        {**_line("all pairs", margins)},
        {
            "scenario": "mean of scenarios",
            "pairs": len(rows),
            "accuracy": float(np.mean([line["accuracy"] for line in lines])),
            "se": math.sqrt(sum(line["se"] ** 2 for line in lines)) / len(lines),
            "ties": int((margins == 0).sum()),
        },
    )
    table = [*sorted(lines, key=lambda line: line["accuracy"]), *means]
    notes = ["n/a: one pair alone has no standard error"] if any(math.isnan(line["se"]) for line in table) else []
    return Analysed([ResultTable("scenarios", "Accuracy by scenario", table)], notes)


def _line(name: str, margins: Array) -> Row:
    points = 0.5 + 0.5 * np.sign(margins)
    n = len(points)
    return {
        "scenario": name,
        "pairs": n,
        "accuracy": float(points.mean()),
        "se": float(points.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan,
        "ties": int((margins == 0).sum()),
    }


ANALYSIS = Analysis(
    name="rag_rewardbench",
    title="A reward model's accuracy by scenario of retrieval",
    paper=Paper("Jin et al.", 2024, arxiv="2412.13746", title=TITLE),
    analyse=analyse,
    inputs=(PAIRS,),
    open_question="The names of fields in the published files and what it makes of equal scores could not be read.",
)
