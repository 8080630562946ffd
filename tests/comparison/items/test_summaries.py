"""Means without items: Welch's interval of two independent means, or none."""

from __future__ import annotations

import math
from typing import Any

import pytest
from scipy import stats

from benchbench.comparison.items.summaries import UNPAIRED, SummarisedRow, compare_summaries
from benchbench.core.errors import BenchError
from benchbench.core.imported import GroupSummary


def row(label: str, value: float, se: float, n: int = 805, **more: Any) -> SummarisedRow:
    shared = {"group": "alpaca_eval", "metric": "win_rate", "unit": "fraction", "direction": "higher"}
    return SummarisedRow(label, GroupSummary(value=value, se=se, n=n, **shared, **more))


def test_the_interval_is_scipy_s_welch_test():
    rows = compare_summaries([row("a", 0.40, 0.015), row("b", 0.45, 0.017)], baseline="a")
    sd = [0.015 * math.sqrt(805), 0.017 * math.sqrt(805)]
    expected = stats.ttest_ind_from_stats(0.45, sd[1], 805, 0.40, sd[0], 805, equal_var=False)
    assert rows[0].candidate == "a" and rows[0].note == "baseline"
    assert rows[1].p == pytest.approx(expected.pvalue, abs=1e-12)
    assert rows[1].difference == pytest.approx(0.05) and rows[1].interval_method == UNPAIRED
    assert rows[1].low < 0.05 < rows[1].high


def test_without_a_standard_error_there_is_a_difference_and_no_interval():
    rows = compare_summaries([row("a", 0.4, math.nan, note="why"), row("b", 0.5, math.nan, note="why")], baseline="a")
    assert rows[1].difference == pytest.approx(0.1) and math.isnan(rows[1].low) and rows[1].note == "why"


def test_means_over_other_numbers_of_items_are_refused():
    with pytest.raises(
        BenchError, match="b, alpaca_eval: expected a mean over 805 items as a has it, found one over 804"
    ):
        compare_summaries([row("a", 0.4, 0.01), row("b", 0.5, 0.01, n=804)], baseline="a")
