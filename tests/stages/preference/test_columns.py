"""Columns that a stage made, checked when they are there."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.method import Column
from benchbench.data.tokenized import TokenizedExample
from benchbench.stages.preference.columns import check_columns


def examples(*values: Any) -> list[TokenizedExample]:
    return [TokenizedExample(f"e{i}", (), False, {"x": value}) for i, value in enumerate(values)]


def test_values_in_the_range_are_taken():
    check_columns(examples(0.5, 1.0), [Column("x", low=0.0, high=1.0)], where="s")
    check_columns(examples((0.5, 2.0)), [Column("x", per="candidate")], where="s")
    check_columns(examples(math.nan), [Column("x", missing="keep")], where="s")


@pytest.mark.parametrize("wrong", [1.5, math.nan, (0.5, 0.5)])
def test_the_first_value_that_does_not_fit_is_named(wrong: Any):
    with pytest.raises(BenchError, match="s: column 'x': expected .* in example e1 and 1 more; leave such"):
        check_columns(examples(0.5, wrong, 7.0), [Column("x", low=0.0, high=1.0)], where="s")


def test_a_column_that_is_not_there_is_said_to_be_none():
    with pytest.raises(BenchError, match="column 'y': expected .* found none in example e0"):
        check_columns(examples(0.5), [Column("y")], where="s")
