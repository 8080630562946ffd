"""How often a reward model prefers the right answer to a question with retrieved passages, by scenario.

Jin et al. 2024, arXiv:2412.13746: pairs of answers in scenarios such as multi-hop reasoning, fine-grained citation,
appropriate abstain and conflict robustness. Its published rows become `pairs.jsonl`, whose ids begin with the subset;
scores come back as rewards of a response each (rows.parquet of a reward stage), or as two scores of a pair. Its
accuracy is 1 where the chosen answer scores higher, 0 where the other does, and 0.5 for equal scores.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array
from benchbench.core.paper import Paper

TITLE = "RAG-RewardBench: Benchmarking Reward Models in Retrieval Augmented Generation for Preference Alignment"
PUBLISHED_TEXTS = ("subset", "prompt", "question", "reject")
PAIRS = RowsInput(
    "pairs",
    "A published pair of answers, a pair with its two scores, or a response with its reward.",
    (
        RowField("scenario", "label", "Which scenario or subset a scored pair belongs to.", optional=True),
        RowField("chosen", "anything", "Score of the preferred answer, higher is better; or its text.", optional=True),
        RowField("rejected", "number", "Score of the other answer.", optional=True),
        RowField("example", "label", "Of a response with a reward: SUBSET/NUMBER, as in pairs.jsonl.", optional=True),
        RowField("candidate", "number", "Of a response with a reward: 0 is the preferred answer.", optional=True),
        RowField("reward", "number", "Of a response.", optional=True),
        *(RowField(name, "text", "Of a published pair.", optional=True) for name in PUBLISHED_TEXTS),
    ),
    rest=True,
)
FORMS = {
    "published": (*PUBLISHED_TEXTS, "chosen"),
    "rewards": ("example", "candidate", "reward"),
    "scored": ("scenario", "chosen", "rejected"),
}
"""What a file may hold -> columns of all its rows."""


def analyse(inputs: Inputs, options: Any) -> Analysed:
    """Accuracy by scenario, worst first, and both means; of published pairs their number and `pairs.jsonl`.

    Raises:
        BenchError: rows of no form that is read, or rewards that are not those of pairs.
    """
    rows = inputs["pairs"]
    form = next((name for name, need in FORMS.items() if all(row.get(k) is not None for row in rows for k in need)), "")
    if not form:
        forms = "; or ".join(", ".join(columns) for columns in FORMS.values())
        raise BenchError(f"pairs: expected in every row {forms}; found {', '.join(sorted(map(str, rows[0])))}")
    if form == "published":
        return _published(rows)
    rows = _paired(rows) if form == "rewards" else rows
    if odd := [row["chosen"] for row in rows if type(row["chosen"]) not in (int, float) or math.isnan(row["chosen"])]:
        raise BenchError(f"pairs: column 'chosen': expected a score, found {str(odd[0])[:40]!r}")
    margins = np.array([row["chosen"] - row["rejected"] for row in rows], dtype=np.float64)
    scenarios = np.array([str(row["scenario"]) for row in rows])
    lines = [_line(name, margins[scenarios == name]) for name in dict.fromkeys(scenarios.tolist())]
    whole = _line("all pairs", margins)
    mean = float(np.mean([line["accuracy"] for line in lines]))
    se = math.sqrt(sum(line["se"] ** 2 for line in lines)) / len(lines)
    means = (whole, {**whole, "scenario": "mean of scenarios", "accuracy": mean, "se": se})
    table = [*sorted(lines, key=lambda line: line["accuracy"]), *means]
    notes = ["n/a: one pair alone has no standard error"] if any(math.isnan(line["se"]) for line in table) else []
    return Analysed([ResultTable("scenarios", "Accuracy by scenario", table)], notes)


def _published(rows: Sequence[Row]) -> Analysed:
    counts, lines = Counter[str](), list[str]()
    for row in rows:
        text = f"{row['prompt'].strip()}\n\n{row['question'].strip()}"
        name = f"{row['subset']}/{counts[row['subset']]}"
        pair = {"id": name, "prompt": text, "chosen": row["chosen"], "rejected": row["reject"]}
        lines.append(json.dumps(pair, ensure_ascii=False) + "\n")
        counts[row["subset"]] += 1
    table = ResultTable("subsets", "Published pairs", [{"subset": k, "pairs": n} for k, n in sorted(counts.items())])
    notes = ["a prompt is the passages, a blank line and the question"]
    return Analysed([table], notes, files={"pairs.jsonl": "".join(lines)})


def _paired(rows: Sequence[Row]) -> list[Row]:
    examples: dict[str, dict[int, float]] = {}
    for row in rows:
        examples.setdefault(str(row["example"]), {})[int(row["candidate"])] = row["reward"]
    if odd := [name for name, rewards in examples.items() if set(rewards) != {0, 1} or "/" not in name]:
        raise BenchError(f"pairs: expected examples SUBSET/NUMBER with candidates 0 and 1, found '{odd[0]}'")
    return [{"scenario": name.rpartition("/")[0], "chosen": r[0], "rejected": r[1]} for name, r in examples.items()]


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
    open_question="Published fields are known from others' readers; its prompt and its rule of ties could not be read.",
    version=2,
)
