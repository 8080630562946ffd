"""How well a score ranks passages of graded relevance: MRR, recall, NDCG and Kendall's tau-b, over all and by group.

T2Ranking (Xie et al. 2023, arXiv:2304.03679) grades passages on four levels; a reward model is used as a reranker by
scoring each passage as a response to the query. Of passages with equal scores the mean over their orders counts; a
query without a relevant passage, or with one passage alone, has no value, is left out and counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchbench.analyses._totals import refuse_group_all
from benchbench.comparison.lists.ranking import kendall_tau_b, ndcg, recall, reciprocal_rank
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array
from benchbench.core.paper import Paper
from benchbench.core.ranges import require_at_least

PASSAGES = RowsInput(
    "passages",
    "A passage of a query, with its grade and what the model scores it.",
    (
        RowField("query", "label", "Which query it belongs to."),
        RowField("grade", "number", "Relevance, 0 or more."),
        RowField("score", "number", "Higher is better; any unit."),
        RowField("group", "label", "Scenario or subset of the query, for a row of its own.", optional=True),
    ),
)


@dataclass(frozen=True)
class Options:
    """Where ranks are cut, and what is relevant."""

    k: int = 10
    """First ranks that count for MRR, recall and NDCG, 1 or more; T2Ranking's MRR counts 10."""
    relevant_from: float = 1.0
    """Grade from which a passage counts as relevant, for MRR and recall."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "k")


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """One row per group and metric: mean over queries, standard error, queries that have a value, and the others.

    Raises:
        BenchError: a negative grade, or a query in two groups.
    """
    queries: dict[str, list[Row]] = {}
    for row in inputs["passages"]:
        queries.setdefault(str(row["query"]), []).append(row)
    groups: dict[str, list[Sequence[Row]]] = {"all": list(queries.values())}
    for query, rows in queries.items():
        names = {str(row["group"]) for row in rows if row.get("group") is not None}
        if len(names) > 1 or any(row["grade"] < 0 for row in rows):
            fault = f"groups {', '.join(sorted(names))}" if len(names) > 1 else "a negative grade"
            raise BenchError(f"passages: query '{query}': expected one group and grades of 0 or more, found {fault}")
        refuse_group_all("passages", "group", names)
        for name in names:
            groups.setdefault(name, []).append(rows)
    table = [line for name, lists in groups.items() for line in _lines(name, lists, options)]
    short = sum(len(rows) < 2 for rows in queries.values())
    notes = [f"{short} of {len(queries)} queries have one passage alone, and say nothing of an order"] if short else []
    if any(math.isnan(line["value"]) for line in table):
        notes.append("n/a: no query of the group has a value: none relevant, or all grades or scores equal")
    return Analysed([ResultTable("ranking", f"Ranking, cut at {options.k}", table)], notes)


def _lines(group: str, lists: Sequence[Sequence[Row]], options: Options) -> list[Row]:
    metrics = {
        f"mrr_at_{options.k}": partial(reciprocal_rank, relevant_from=options.relevant_from, k=options.k),
        f"recall_at_{options.k}": partial(recall, k=options.k, relevant_from=options.relevant_from),
        f"ndcg_at_{options.k}": partial(ndcg, k=options.k),
        "kendall_tau_b": kendall_tau_b,
    }
    long_enough = [rows for rows in lists if len(rows) > 1]
    scores, grades = (_padded([[row[name] for row in rows] for rows in long_enough]) for name in ("score", "grade"))
    lines = []
    for name, metric in metrics.items():
        values = metric(scores, grades) if long_enough else np.empty(0)
        defined = values[~np.isnan(values)]
        n = len(defined)
        lines.append(
            {
                "group": group,
                "metric": name,
                "value": float(defined.mean()) if n else math.nan,
                "se": float(defined.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan,
                "queries": n,
                "left out": len(lists) - n,
            }
        )
    return lines


def _padded(lists: Sequence[Sequence[float]]) -> Array:
    """[n, K] values, NaN beyond the end of a shorter list."""
    width = max((len(values) for values in lists), default=0)
    return np.array([[*values, *[math.nan] * (width - len(values))] for values in lists], dtype=np.float64)


ANALYSIS = Analysis(
    name="ranking_suite",
    title="A score as a reranker of passages",
    paper=Paper(
        "Xie et al.", 2023, arxiv="2304.03679", title="T2Ranking: A large-scale Chinese Benchmark for Passage Ranking"
    ),
    analyse=analyse,
    inputs=(PASSAGES,),
    options=Options,
)
