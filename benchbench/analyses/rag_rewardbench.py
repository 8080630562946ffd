"""How often a reward model prefers the right answer to a question with retrieved passages, by scenario.

Jin et al. 2024, arXiv:2412.13746: pairs of answers in scenarios such as multi-hop reasoning, fine-grained citation,
appropriate abstain and conflict robustness. Its published rows (`prompt` with the passages, `question`, `chosen`,
`reject`, `subset`) become `pairs.jsonl`, whose ids begin with the subset and which source `local_files` reads; their
scores come back as rewards of a response each (rows.parquet of a reward stage), or as two scores of a pair. Its
accuracy is 1 where the chosen answer scores higher, 0 where the other does, and 0.5 for equal scores. Each scenario
has its accuracy over pairs; the mean over scenarios weighs them alike, that over pairs does not.
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
        RowField("subset", "label", "Of a published pair.", optional=True),
        RowField("prompt", "text", "Of a published pair: the passages.", optional=True),
        RowField("question", "text", "Of a published pair.", optional=True),
        RowField("reject", "text", "Of a published pair: the other answer.", optional=True),
    ),
    rest=True,
)
PAIRS_FILE = "pairs.jsonl"
FORMS = {
    "published": ("subset", "prompt", "question", "chosen", "reject"),
    "rewards": ("example", "candidate", "reward"),
    "scored": ("scenario", "chosen", "rejected"),
}
"""What a file may hold -> columns that all of its rows have."""


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
    rows = _of_rewards(rows) if form == "rewards" else rows
    if odd := [row["chosen"] for row in rows if isinstance(row["chosen"], bool | str)]:
        raise BenchError(f"pairs: column 'chosen': expected a score, found {str(odd[0])[:40]!r}")
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


def _published(rows: Sequence[Row]) -> Analysed:
    counts: Counter[str] = Counter()
    lines = []
    for row in rows:
        subset = str(row["subset"])
        text = f"{row['prompt'].strip()}\n\n{row['question'].strip()}"
        pair = {"id": f"{subset}/{counts[subset]}", "prompt": text, "chosen": row["chosen"], "rejected": row["reject"]}
        lines.append(json.dumps(pair, ensure_ascii=False) + "\n")
        counts[subset] += 1
    table = ResultTable("subsets", "Published pairs", [{"subset": k, "pairs": n} for k, n in sorted(counts.items())])
    return Analysed(
        [table], ["a prompt is the passages, a blank line and the question"], files={PAIRS_FILE: "".join(lines)}
    )


def _of_rewards(rows: Sequence[Row]) -> list[Row]:
    examples: dict[str, dict[int, float]] = {}
    for row in rows:
        examples.setdefault(str(row["example"]), {})[int(row["candidate"])] = row["reward"]
    if odd := [name for name, rewards in examples.items() if set(rewards) != {0, 1} or "/" not in name]:
        raise BenchError(f"pairs: expected examples SUBSET/NUMBER with candidates 0 and 1, found '{odd[0]}'")
    return [
        {"scenario": name.rpartition("/")[0], "chosen": rewards[0], "rejected": rewards[1]}
        for name, rewards in examples.items()
    ]


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
    open_question=(
        "Names of published fields are from others' readers of them; how its prompt is put together, and what it makes "
        "of equal scores, could not be read."
    ),
    version=2,
)
