"""A transform that breaks its word is found, and data that it does not take are refused."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Example, Message
from benchbench.core.method import Column
from benchbench.core.transform import Counts, Transform
from benchbench.data.transforming import as_report, transform_split


@dataclass(frozen=True)
class Nothing:
    """No options."""


def example(name: str, **columns) -> Example:
    return Example(name, (Message("user", "q"),), ("a", "b"), columns=columns)


def applied(examples, result=None, reads=(), counts=None):
    transform = Transform(
        name="toy",
        options=Nothing,
        apply=lambda examples, options, seed: (examples if result is None else result, counts or Counts()),
        reads=lambda options: reads,
    )
    return transform_split(transform, examples, Nothing(), 0, where="here")


def test_counts_that_do_not_add_up_are_our_mistake():
    with pytest.raises(ValueError, match="transform 'toy': 2 in, .* 1 out"):
        applied([example("x"), example("y")], [example("x")])
    assert applied([example("x"), example("y")], [example("x")], counts=Counts({"odd": 1}))[0] == (example("x"),)


def test_two_examples_of_one_id_are_refused():
    with pytest.raises(BenchError, match="here: expected ids that are unique in a split, 'toy' makes two examples 'x'"):
        applied([example("x"), example("y")], [example("x"), example("x")])


def test_a_value_out_of_its_range_and_a_missing_one_are_named_with_their_example():
    share = Column("p", low=0.0, high=1.0)
    with pytest.raises(BenchError, match=r"expects numbers in \[0, 1\] in the column 'p', found 2 in example y"):
        applied([example("x", p=0.5), example("y", p=2.0)], reads=(share,))
    with pytest.raises(BenchError, match=r"'p', which has no value in example x; fill it, or .*drop_missing: \[p\]"):
        applied([example("x", p=math.nan)], reads=(share,))
    assert applied([example("x", p=math.nan)], reads=(Column("p", missing="keep"),))[0]


def test_a_near_miss_of_a_column_s_name_is_suggested():
    with pytest.raises(BenchError, match="reads the column 'gold', .* it has golds. Did you mean 'golds'?"):
        applied([example("x", golds=(1.0, 2.0))], reads=(Column("gold", per="candidate"),))


def test_the_report_has_plain_numbers_without_reasons_that_hold_for_none():
    report = as_report("toy", 3, 2, Counts({"odd": 1, "even": 0}, {}, {"old": True}))
    assert report == {
        "name": "toy",
        "examples_in": 3,
        "examples_out": 2,
        "dropped": {"odd": 1},
        "added": {},
        "changed": {"old": 1},
    }
