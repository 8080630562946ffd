"""ranking_suite: MRR, recall, NDCG and tau-b over graded passages."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchbench.analyses.ranking_suite import Options, analyse
from benchbench.core.errors import BenchError


def passages(query: str, grades: list[float], scores: list[float], **more: Any) -> list[dict[str, Any]]:
    """The passages of one query."""
    return [{"query": query, "grade": g, "score": s, **more} for g, s in zip(grades, scores, strict=True)]


def lines(rows: list[dict[str, Any]], **options: Any) -> dict[tuple[str, str], Any]:
    """(group, metric) -> line of the table."""
    (table,) = analyse({"passages": rows}, Options(**options)).tables
    return {(line["group"], line["metric"]): line for line in table.rows}


def test_the_golden_order_of_grades_three_zero_two():
    """(7 + 0 + 3/2) / (7 + 3/log2(3)) = 0.955830589346, the value of another calculation."""
    found = lines(passages("q", [3, 0, 2], [0.9, 0.5, 0.1]), k=3)
    assert found["all", "ndcg_at_3"]["value"] == pytest.approx(0.955830589346, rel=1e-10)


def test_mrr_and_recall_by_hand():
    """First relevant at ranks 1, 2 and 3: (1 + 1/2 + 1/3) / 3; of the relevant, 1 of 2, 1 of 1, 0 of 1 among two."""
    rows = [
        *passages("a", [2, 0, 1], [3, 2, 1]),
        *passages("b", [0, 1, 0], [3, 2, 1]),
        *passages("c", [0, 0, 3], [3, 2, 1]),
    ]
    found = lines(rows, k=2)
    assert found["all", "mrr_at_2"]["value"] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert found["all", "recall_at_2"]["value"] == pytest.approx((0.5 + 1 + 0) / 3)


def test_from_which_grade_a_passage_is_relevant_is_an_option():
    rows = passages("q", [1, 3], [2, 1])
    assert lines(rows)["all", "mrr_at_10"]["value"] == 1.0
    assert lines(rows, relevant_from=2)["all", "mrr_at_10"]["value"] == 0.5


def test_equal_scores_count_as_the_mean_over_their_orders():
    """The relevant one is first or second: half of the orders have it among the first one, for MRR and recall alike."""
    found = lines(passages("q", [1, 0], [5, 5]), k=1)
    assert found["all", "mrr_at_1"]["value"] == pytest.approx(0.5)
    assert found["all", "recall_at_1"]["value"] == pytest.approx(0.5)


def test_what_has_no_value_is_left_out_and_counted():
    rows = [*passages("a", [1, 0], [2, 1]), *passages("none relevant", [0, 0], [2, 1]), *passages("alone", [1], [1])]
    analysed = analyse({"passages": rows}, Options())
    found = {line["metric"]: line for line in analysed.tables[0].rows}
    assert (found["ndcg_at_10"]["queries"], found["ndcg_at_10"]["left out"]) == (1, 2)
    assert (found["mrr_at_10"]["queries"], found["mrr_at_10"]["left out"]) == (1, 2)
    assert any("1 of 3 queries have one passage alone" in note for note in analysed.notes)


def test_groups_have_rows_of_their_own_and_a_query_is_in_one():
    rows = [*passages("a", [1, 0], [2, 1], group="easy"), *passages("b", [1, 0], [1, 2], group="hard")]
    found = lines(rows)
    assert [found[group, "kendall_tau_b"]["value"] for group in ("all", "easy", "hard")] == [0.0, 1.0, -1.0]
    with pytest.raises(BenchError, match="query 'a': expected one group"):
        lines([*passages("a", [1], [1], group="easy"), *passages("a", [0], [2], group="hard")])


def test_nothing_defined_is_nan_with_a_note():
    analysed = analyse({"passages": passages("q", [1], [1])}, Options())
    assert all(math.isnan(line["value"]) for line in analysed.tables[0].rows)
    assert any(note.startswith("n/a: ") for note in analysed.notes)


def test_grades_are_not_negative():
    with pytest.raises(BenchError, match="a negative grade"):
        lines(passages("q", [-1, 0], [1, 2]))
