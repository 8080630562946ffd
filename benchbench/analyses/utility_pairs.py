"""What a passage is worth to a model: the score of its answer with the passage less that without, and pairs from it.

Zhang et al. 2025, arXiv:2510.11358: a passage is useful to a model if its answer to the query is better with it than
without. With scores of 1 where the answer holds the right one and 0 else, passages of positive utility are the paper's
gold passages. Two passages of a query, ordered by utility, make a preference pair; of equal utility they make none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.paper import Paper
from benchbench.core.ranges import require_at_least_zero, require_one_of

PASSAGES = RowsInput(
    "passages",
    "A passage of a query, with the scores of the model's answers.",
    (
        RowField("query", "label", "Which query it belongs to; the prompt of its pairs."),
        RowField("passage", "label", "Its name, once in a query."),
        RowField("score_with", "number", "Of the answer to query and passage."),
        RowField("score_without", "number", "Of the answer to the query alone; the same in all rows of a query."),
        RowField("text", "text", "Text of the passage in the pairs; its name where there is none.", optional=True),
    ),
)


@dataclass(frozen=True)
class Options:
    """Which passages make a pair."""

    pairs: str = "all"
    """`all` pairs of a query, or `ends`: the best against the worst."""
    margin: float = 0.0
    """Difference of utility above which two passages make a pair, 0 or more."""

    def __post_init__(self) -> None:
        require_one_of(self, "pairs", "all", "ends")
        require_at_least_zero(self, "margin")


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """Each passage with its utility and rank, a summary, and `pairs.jsonl`.

    Raises:
        BenchError: a passage twice, or two scores without a passage in one query.
    """
    queries: dict[str, list[Row]] = {}
    for row in inputs["passages"]:
        queries.setdefault(str(row["query"]), []).append(row)
    ordered = {query: _ordered(query, rows) for query, rows in queries.items()}
    passages = [
        {"query": query, "rank": rank, "passage": str(row["passage"]), "utility": utility(row)}
        for query, rows in ordered.items()
        for rank, row in enumerate(rows, start=1)
    ]
    candidates = [(query, pair) for query, rows in ordered.items() for pair in _candidates(rows, options)]
    pairs = [_pair(query, *pair) for query, pair in candidates if utility(pair[0]) - utility(pair[1]) > options.margin]
    values = np.array([row["utility"] for row in passages])
    summary = {
        "queries": len(queries),
        "passages": len(values),
        "mean utility": float(values.mean()),
        "helpful": float((values > 0).mean()),
        "harmful": float((values < 0).mean()),
        "pairs": len(pairs),
        "left out": len(candidates) - len(pairs),
    }
    tables = [ResultTable("summary", "Utility", [summary]), ResultTable("passages", "Passages by utility", passages)]
    notes = [
        "helpful, harmful: share of passages of positive and negative utility",
        "left out: pairs within the margin",
    ]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in pairs)
    return Analysed(tables, notes, files={"pairs.jsonl": text})


def utility(row: Row) -> float:
    """Score of the answer with the passage less that without, in units of the score."""
    return float(row["score_with"] - row["score_without"])


def _ordered(query: str, rows: Sequence[Row]) -> list[Row]:
    """The most useful first, in the file's order where they are equal."""
    alone = {row["score_without"] for row in rows}
    if len({row["passage"] for row in rows}) < len(rows) or len(alone) > 1:
        fault = f"scores {', '.join(map(str, sorted(alone)))}" if len(alone) > 1 else "a passage twice"
        raise BenchError(f"passages: query '{query}': expected distinct passages and one score_without, found {fault}")
    return sorted(rows, key=utility, reverse=True)


def _candidates(rows: Sequence[Row], options: Options) -> list[tuple[Row, Row]]:
    return list(combinations(rows, 2)) if options.pairs == "all" else [(rows[0], rows[-1])] * (len(rows) > 1)


def _pair(query: str, better: Row, worse: Row) -> Mapping[str, object]:
    chosen, rejected = (row.get("text") or str(row["passage"]) for row in (better, worse))
    scores = {"score_chosen": utility(better), "score_rejected": utility(worse)}
    return {"prompt": query, "chosen": chosen, "rejected": rejected, **scores}


ANALYSIS = Analysis(
    name="utility_pairs",
    title="What a passage adds to a model's answer, and pairs of passages",
    paper=Paper(
        "Zhang et al.", 2025, arxiv="2510.11358", title="LLM-Specific Utility for Retrieval-Augmented Generation"
    ),
    analyse=analyse,
    inputs=(PASSAGES,),
    options=Options,
)
