"""Items without a verdict are left out of every row, counted, and bounded where they are many."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.comparison.items.grid import make_item_grid
from benchbench.comparison.items.values import item_values
from benchbench.core.errors import BenchError
from benchbench.core.imported import VERDICT
from tests.comparison.items.runs import run, scores

NAN = float("nan")


def test_an_item_that_one_run_lacks_is_left_out_of_every_row():
    """Kept: items 0 and 3. If lost or won, a's mean is in [0.5, 0.75] and b's in [0.25, 0.5]."""
    a = scores({"m": [1, NAN, 0, 1]}, lacks=VERDICT)
    b = scores({"m": [1, 0, NAN, 0]}, lacks=VERDICT)
    values = item_values(make_item_grid([run("a", a), run("b", b)], baseline="a"), "task", "m")
    assert (values.n, values.clusters, values.listed, values.left_out) == (2, 2, 4, {"a": 1, "b": 1})
    np.testing.assert_array_equal(values.values["a"], [[1, 1]])
    np.testing.assert_array_equal(values.values["b"], [[1, 0]])
    assert values.bounds == {"a": (0.5, 0.75), "b": (0.25, 0.5)}
    assert values.note("b", "a") == (
        "2 of 4 items without a verdict are left out of every row (a 1, b 1); "
        "with each lost or won the difference could be -0.5000 to +0.0000"
    )
    assert values.note("a", "a").endswith("(a 1, b 1)")


def test_few_are_counted_without_bounds():
    numbers = np.arange(200) % 2.0
    a, b = (
        scores({"m": numbers}, lacks=VERDICT),
        scores({"m": np.where(np.arange(200) == 7, NAN, numbers)}, lacks=VERDICT),
    )
    values = item_values(make_item_grid([run("a", a), run("b", b)], baseline="a"), "task", "m")
    assert values.note("b", "a") == "1 of 200 items without a verdict are left out of every row (b 1)"


def test_where_nothing_may_be_left_out_it_stays():
    a, b = scores({"m": [1, NAN]}), scores({"m": [1, 0]})
    values = item_values(make_item_grid([run("a", a), run("b", b)], baseline="a"), "task", "m")
    assert values.n == 2 and np.isnan(values.values["a"]).sum() == 1


def test_an_unknown_metric_or_column_is_named_with_those_there_are():
    grid = make_item_grid(
        [run(label, scores({"acc": [1, 0]}, columns={"subject": ("x", "x")})) for label in "ab"], baseline="a"
    )
    with pytest.raises(BenchError, match="unknown metric of task 'ac'. Did you mean 'acc'"):
        item_values(grid, "task", "ac")
    with pytest.raises(BenchError, match="--cluster topic: task has no such column; known there: subject"):
        item_values(grid, "task", "acc", cluster="topic")
