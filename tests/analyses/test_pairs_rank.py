"""pairs_rank: a file of verdicts ranked by merge sort."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import pytest

from benchbench.analyses.pairs_rank import Options, analyse
from benchbench.core.errors import BenchError
from benchbench.core.seeding import stream


def verdicts(scores: dict[str, Any], name: str = "p") -> list[dict[str, Any]]:
    """All pairs of a judge without noise."""
    return [{"list": name, "a": a, "b": b, "p_a": float(scores[a] > scores[b])} for a, b in combinations(scores, 2)]


def test_a_judge_without_noise_gives_the_exact_order_with_a_count_of_calls():
    scores = {f"c{k}": float(v) for k, v in enumerate(stream(3, "scores").permutation(16))}
    gold = [{"list": "p", "candidate": c, "score": s} for c, s in scores.items()]
    calls, order = analyse({"verdicts": verdicts(scores), "gold": gold}, Options()).tables
    assert [row["candidate"] for row in order.rows] == sorted(scores, key=scores.__getitem__, reverse=True)
    (line,) = calls.rows
    assert line["tau-b"] == 1.0 and line["pairs"] == 120 and line["most"] == 49
    assert line["calls"] <= 16 * math.log2(16)


def test_the_mean_of_both_orders_cancels_a_liking_for_the_first_place():
    """0.6 for whatever is first, and 0.3 more for x: x first 0.9, y first 0.3; so x is better by 0.8 on average."""
    rows = [{"list": "p", "a": "y", "b": "x", "p_a": 0.3}, {"list": "p", "a": "x", "b": "y", "p_a": 0.9}]
    order = analyse({"verdicts": rows}, Options()).tables[1].rows
    assert [row["candidate"] for row in order] == ["x", "y"]
    assert analyse({"verdicts": rows}, Options()).tables[0].rows[0]["calls"] == 1


def test_lists_are_ranked_each_by_itself():
    rows = [*verdicts({"a": 1, "b": 0}, "p"), *verdicts({"a": 0, "b": 1}, "q")]
    order = analyse({"verdicts": rows}, Options(beam=3)).tables[1].rows
    assert [(row["list"], row["candidate"]) for row in order] == [("p", "a"), ("p", "b"), ("q", "b"), ("q", "a")]


def test_a_pair_that_the_file_lacks_is_named():
    rows = [row for row in verdicts({"a": 2, "b": 1, "c": 0}) if {row["a"], row["b"]} != {"b", "c"}]
    with pytest.raises(BenchError, match="list 'p': expected a row of 'b' and 'c', found none"):
        analyse({"verdicts": rows}, Options())


def test_a_probability_is_in_the_unit_interval():
    with pytest.raises(BenchError, match=r"expected two names and p_a in \[0, 1\]"):
        analyse({"verdicts": [{"list": "p", "a": "x", "b": "y", "p_a": 1.2}]}, Options())


def test_missing_gold_scores_are_undefined_with_a_note():
    analysed = analyse(
        {"verdicts": verdicts({"a": 1, "b": 0}), "gold": [{"list": "p", "candidate": "a", "score": 1.0}]}, Options()
    )
    assert math.isnan(analysed.tables[0].rows[0]["tau-b"])
    assert any("no gold score" in note for note in analysed.notes)
