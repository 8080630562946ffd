"""utility_pairs: score with a passage less that without, and pairs from it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from benchbench.analyses.utility_pairs import Options, analyse
from benchbench.core.errors import BenchError
from benchbench.core.seeding import stream


def passage(query: str, name: str, score: float, alone: float, **more: Any) -> dict[str, Any]:
    """One row."""
    return {"query": query, "passage": name, "score_with": score, "score_without": alone, **more}


def test_the_order_of_planted_passages_is_found():
    """Scores are a base per query and what is planted; the base cancels, so the order is what was planted."""
    rng = stream(0, "planted")
    rows, planted = [], {}
    for query in map(str, range(20)):
        base, worth = rng.normal(scale=10), rng.permutation(6) - 2.0
        planted[query] = [str(k) for k in np.argsort(-worth)]
        rows += [passage(query, str(k), base + worth[k], base) for k in range(6)]
    ranked = analyse({"passages": rows}, Options()).tables[1].rows
    for query, order in planted.items():
        assert [row["passage"] for row in ranked if row["query"] == query] == order


def test_utilities_pairs_and_shares_by_hand():
    """Utilities 0.5, 0, -0.25: one of three helps, one harms, and all three pairs differ."""
    rows = [passage("q", "a", 0.5, 0.5), passage("q", "b", 1.0, 0.5, text="B."), passage("q", "c", 0.25, 0.5)]
    analysed = analyse({"passages": rows}, Options())
    summary = analysed.tables[0].rows[0]
    assert summary["mean utility"] == pytest.approx(0.25 / 3)
    assert (summary["helpful"], summary["harmful"]) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    pairs = [json.loads(line) for line in analysed.files["pairs.jsonl"].splitlines()]
    assert [(pair["chosen"], pair["rejected"]) for pair in pairs] == [("B.", "a"), ("B.", "c"), ("a", "c")]
    assert (pairs[1]["score_chosen"], pairs[1]["score_rejected"]) == (0.5, -0.25)


def test_with_scores_of_zero_and_one_the_helpful_are_the_papers_gold_passages():
    """U = 1[answered with it > answered without]: a passage for a question that is answered anyway is none."""
    rows = [passage("a", "1", 1, 0), passage("a", "2", 0, 0), passage("b", "1", 1, 1)]
    assert analyse({"passages": rows}, Options()).tables[0].rows[0]["helpful"] == pytest.approx(1 / 3)


def test_pairs_within_the_margin_are_left_out_and_counted():
    rows = [passage("q", "a", 1.0, 0), passage("q", "b", 0.9, 0), passage("q", "c", 0.0, 0)]
    summary = analyse({"passages": rows}, Options(margin=0.5)).tables[0].rows[0]
    assert (summary["pairs"], summary["left out"]) == (2, 1)
    ends = analyse({"passages": rows}, Options(pairs="ends"))
    assert [json.loads(line)["rejected"] for line in ends.files["pairs.jsonl"].splitlines()] == ["c"]


def test_a_query_has_one_score_without_and_distinct_passages():
    with pytest.raises(BenchError, match="query 'q': .* found scores 0, 1"):
        analyse({"passages": [passage("q", "a", 1, 0), passage("q", "b", 1, 1)]}, Options())
    with pytest.raises(BenchError, match="found a passage twice"):
        analyse({"passages": [passage("q", "a", 1, 0), passage("q", "a", 1, 0)]}, Options())
