"""prepend_context."""

from __future__ import annotations

import math

import pytest

from benchbench import transforms
from benchbench.core.example import Message

from .toys import ids, pair, transformed


def test_one_text_for_all():
    (become,), _ = transformed("prepend_context", [pair("x")], text="Be brief.", role="user")
    assert become.prompt == (Message("user", "Be brief.\n\nquestion x"),)


def test_a_text_by_the_value_of_a_column():
    examples = [pair(f"x{i}", criterion=value) for i, value in enumerate((0.0, 1.0, 2.0, math.nan))]
    become, counts = transformed("prepend_context", examples, column="criterion", texts={"0": "Be brief.", "1": ""})
    assert ids(become) == ["x0", "x1"]
    assert become[0].prompt == (Message("system", "Be brief."), Message("user", "question x0"))
    assert become[1] == examples[1]
    assert counts.dropped == {"no text for the value of 'criterion'": 2}


@pytest.mark.parametrize(
    "options",
    [{}, {"text": "a", "column": "b", "texts": {"0": "c"}}, {"column": "b"}, {"text": "a", "texts": {"0": "c"}}],
)
def test_options_that_contradict_each_other_are_refused(options):
    with pytest.raises(ValueError, match="expected"):
        transforms.get("prepend_context").options(**options)


def test_a_key_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="texts: expected numbers as keys, got 'brief'"):
        transforms.get("prepend_context").options(column="a", texts={"brief": "Be brief."})
