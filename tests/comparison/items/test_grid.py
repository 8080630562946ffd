"""Runs are lined up by item, or refused with a message that says where, how many and which."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.comparison.items.grid import make_item_grid
from benchbench.comparison.pairs.grid import AUDIT, MissingRunsError
from benchbench.core.errors import BenchError
from tests.comparison.items.runs import run, scores


def test_items_stand_in_the_baseline_s_order_everywhere():
    a = scores({"m": [1, 2, 3]}, items=("x", "y", "z"), contents=("1", "2", "3"), columns={"c": ("p", "p", "q")})
    b = scores({"m": [30, 10, 20]}, items=("z", "x", "y"), contents=("3", "1", "2"), columns={"c": ("q", "p", "p")})
    grid = make_item_grid([run("a", a), run("b", b)], baseline="a")
    lined_up = grid.row("task", "b")[0]
    np.testing.assert_array_equal(lined_up.metrics["m"].values, [10, 20, 30])
    assert (lined_up.items, lined_up.columns["c"]) == (("x", "y", "z"), ("p", "p", "q"))


def test_items_that_one_run_lacks_are_counted_and_named():
    a = scores({"m": range(10)})
    b = scores({"m": range(7)}, items=(*(f"item {k}" for k in range(5)), "new", "a very long instruction " * 9))
    with pytest.raises(BenchError) as refused:
        make_item_grid([run("a", a), run("b", b)], baseline="a")
    message = str(refused.value)
    assert "b, task: expected the 10 items of a, found 5 missing (item 5, item 6, item 7 and 2 more)" in message
    assert "and 2 more (new, a very long instruction" in message and "..." in message
    assert "1 problem" in message, "the items of all tasks together are not another one"


def test_an_item_that_stands_twice_is_refused():
    twice = scores({"m": [1, 2, 3]}, items=("x", "y", "x"))
    with pytest.raises(BenchError, match="b, task: expected every item once, found 1 more than once .x.; keep one row"):
        make_item_grid([run("a", twice), run("b", twice)], baseline="a")


def test_tasks_that_one_run_lacks_are_named_with_the_way_out():
    one, two = scores({"m": [1]}, group="one"), scores({"m": [1]}, group="two")
    with pytest.raises(BenchError, match="b: lacks two, unlike a; --tasks names those to compare"):
        make_item_grid([run("a", one, two), run("b", one)], baseline="a")
    with pytest.raises(BenchError, match="b: has two, unlike a"):
        make_item_grid([run("a", one), run("b", one, two)], baseline="a")


def test_other_content_under_one_name_is_refused_whatever_is_allowed():
    a, b = (scores({"m": [1, 2]}, contents=("h1", last)) for last in ("h2", "h3"))
    with pytest.raises(BenchError, match="1 of 2 items are others than those of a under the same name .item 1."):
        make_item_grid([run("a", a), run("b", b)], baseline="a", allow_different=True)


def test_other_settings_and_prompts_are_refused_or_marked():
    a = scores({"m": [1, 2]}, settings={"few-shot examples": "0"}, conditions={"prompt": ("p", "q")})
    b = scores({"m": [1, 2]}, settings={"few-shot examples": "5"}, conditions={"prompt": ("p", "r")})
    runs = [run("a", a), run("b", b), run("c", a)]
    with pytest.raises(BenchError) as refused:
        make_item_grid(runs, baseline="a")
    assert "b, task, few-shot examples: expected 0 as a has it, found 5; --allow-different" in str(refused.value)
    assert "b, task, prompt: 1 of 2 are not those of a" in str(refused.value)
    assert "2 problems" in str(refused.value)
    marks = make_item_grid(runs, baseline="a", allow_different=True).marks
    assert marks == {"a": (AUDIT,), "b": (AUDIT, "differs in few-shot examples, prompt"), "c": (AUDIT,)}


def test_what_only_one_run_states_is_not_compared():
    a, b = scores({"m": [1, 2]}, settings={"judge": "x"}), scores({"m": [1, 2]})
    assert make_item_grid([run("a", a), run("b", b)], baseline="a").marks == {"a": (), "b": ()}


def test_remarks_are_marks_where_they_differ():
    a, b = (scores({"m": [1, 2]}, remarks={"chat template": name}) for name in ("tulu", "tokenizer"))
    marks = make_item_grid([run("a", a), run("b", b)], baseline="a").marks
    assert marks == {"a": ("chat template: tulu",), "b": ("chat template: tokenizer",)}
    assert make_item_grid([run("a", a), run("b", a)], baseline="a").marks["a"] == ()


def test_a_row_without_a_run_of_a_seed_is_refused():
    runs = [run("a", scores({"m": [1, 2]}), seed=k) for k in (1, 2)] + [run("b", scores({"m": [1, 2]}), seed=1)]
    with pytest.raises(MissingRunsError, match="b: no run for seed 2"):
        make_item_grid(runs, baseline="a")


def test_an_unknown_baseline_is_named_with_those_there_are():
    with pytest.raises(BenchError, match="unknown baseline 'c'. Known: a, b"):
        make_item_grid([run("a", scores({"m": [1]})), run("b", scores({"m": [2]}))], baseline="c")


def test_several_groups_are_also_one_of_all_items():
    one, two = scores({"m": [1, 0]}, group="one"), scores({"m": [1]}, group="two")
    grid = make_item_grid([run("a", one, two), run("b", two, one)], baseline="a")
    assert grid.groups == ("all items", "one", "two")
    np.testing.assert_array_equal(grid.row("all items", "b")[0].metrics["m"].values, [1, 0, 1])
