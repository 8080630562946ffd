"""Candidates ranked by a pairwise judge with few calls: PairS, merge sort guided by how sure the judge is.

Liu et al. 2024, arXiv:2403.16950. The judge is a file of its probabilities, which is looked up as a live judge would be
asked. Where both orders of a pair stand in the file their mean is taken, which cancels a liking for the first place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.comparison.lists.merge_sort import CountingJudge, most_calls, rank
from benchbench.comparison.lists.ranking import kendall_tau_b
from benchbench.core.analysis import Analysed, Analysis, Inputs, ResultTable, Row, RowField, RowsInput
from benchbench.core.errors import BenchError
from benchbench.core.paper import Paper
from benchbench.core.ranges import require_at_least, require_within

VERDICTS = RowsInput(
    "verdicts",
    "What the judge says of two candidates of a list.",
    (
        RowField("list", "label", "Which list: a prompt, or a document."),
        RowField("a", "label", "Candidate in the first place."),
        RowField("b", "label", "Candidate in the second place."),
        RowField("p_a", "number", "Probability that a is better, in [0, 1]."),
    ),
)
GOLD = RowsInput(
    "gold",
    "How good a candidate is, to compare the order with.",
    (
        RowField("list", "label", "Which list, as in the verdicts."),
        RowField("candidate", "label", "Its name in the verdicts."),
        RowField("score", "number", "Higher is better."),
    ),
    optional=True,
)


@dataclass(frozen=True)
class Options:
    """How much of what the judge is unsure of is followed."""

    beam: int = 1
    """Merges that are followed at the same time, 1 or more; 1 is PairS-greedy."""
    gap: float = 0.2
    """Both outcomes are followed where the probability is within this of one half, in [0, 0.5); no effect at beam 1.
    0.2 is from the authors' scripts."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "beam")
        require_within(self, "gap", "[0, 0.5)")


def analyse(inputs: Inputs, options: Options) -> Analysed:
    """The order of each list, with the calls it took, beside those of all pairs.

    Raises:
        BenchError: a probability outside [0, 1], or a pair that the ranking asks for and the file lacks.
    """
    lists: dict[str, dict[tuple[str, str], list[float]]] = {}
    for row in inputs["verdicts"]:
        a, b, p = str(row["a"]), str(row["b"]), float(row["p_a"])
        if not 0 <= p <= 1 or a == b:
            raise BenchError(f"verdicts: list '{row['list']}', '{a}' and '{b}': expected two names and p_a in [0, 1]")
        answers = lists.setdefault(str(row["list"]), {})
        answers.setdefault((a, b), []).append(p)
        answers.setdefault((b, a), []).append(1 - p)
    gold = {(str(row["list"]), str(row["candidate"])): float(row["score"]) for row in inputs.get("gold", ())}
    orders, summary = [], []
    for name, answers in lists.items():
        order, line = _ranked(name, {pair: float(np.mean(said)) for pair, said in answers.items()}, options, gold)
        summary.append(line)
        orders += [{"list": name, "rank": place, "candidate": candidate} for place, candidate in enumerate(order, 1)]
    notes = ["most: calls of merge sort in the worst case; pairs: of asking about every pair"]
    if any(math.isnan(line.get("tau-b", 0.0)) for line in summary):
        notes.append("tau-b n/a: a candidate of the list has no gold score, or all are equal")
    tables = [ResultTable("calls", "Calls of the judge", summary), ResultTable("order", "From best to worst", orders)]
    return Analysed(tables, notes)


def _ranked(
    name: str, answers: Mapping[tuple[str, str], float], options: Options, gold: Mapping[tuple[str, str], float]
) -> tuple[Sequence[str], Row]:
    candidates = list(dict.fromkeys(candidate for pair in answers for candidate in pair))

    def look_up(i: int, j: int) -> float:
        pair = candidates[i], candidates[j]
        if pair not in answers:
            raise BenchError(f"verdicts: list '{name}': expected a row of '{pair[0]}' and '{pair[1]}', found none")
        return answers[pair]

    judge, size = CountingJudge(look_up), len(candidates)
    order = [candidates[i] for i in rank(range(size), judge, beam=options.beam, gap=options.gap)]
    line: dict[str, object] = {"list": name, "candidates": size, "calls": judge.calls}
    line |= {"most": most_calls(size), "pairs": size * (size - 1) // 2}
    if gold:
        scores = np.array([[gold.get((name, candidate), math.nan) for candidate in order]])
        known = bool(np.isfinite(scores).all())
        line["tau-b"] = float(kendall_tau_b(-np.arange(size)[None].astype(float), scores)[0]) if known else math.nan
    return order, line


ANALYSIS = Analysis(
    name="pairs_rank",
    title="Candidates ranked by a pairwise judge with few calls (PairS)",
    paper=Paper(
        "Liu et al.",
        2024,
        arxiv="2403.16950",
        title="Aligning with Human Judgement: The Role of Pairwise Preference in Large Language Model Evaluators",
    ),
    analyse=analyse,
    inputs=(VERDICTS, GOLD),
    options=Options,
)
