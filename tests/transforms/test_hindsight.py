"""hindsight."""

from __future__ import annotations

import pytest

from benchbench import transforms
from benchbench.core.identity import identity

from .toys import pair, transformed


def test_by_hand():
    """What is not in a hole is the two responses, in the order of their phrases."""
    (become,), _ = transformed("hindsight", [pair("x")], better="Good:", worse="Bad:", order="worse_first")
    (text,) = become.candidates
    assert text == "Bad:\nbad\n\nGood:\ngood"
    (holes,) = become.spans["mask"]
    assert [text[start:end] for start, end, _ in holes] == ["Bad:\n", "\n\nGood:\n"]
    assert holes[0].end + len("bad") == holes[1].start and become.roles is None


def test_the_order_is_drawn_for_each_example():
    become, _ = transformed("hindsight", [pair(str(i)) for i in range(20)], better="+", worse="-")
    assert {example.candidates[0][0] for example in become} == {"+", "-"}


def test_one_phrase_for_both_is_refused():
    with pytest.raises(ValueError, match="better: expected two different phrases"):
        transforms.get("hindsight").options(better="a", worse="a")


def test_what_stands_between_is_white_space_of_the_users_choice():
    (become,), _ = transformed("hindsight", [pair("x")], better="+", worse="-", order="better_first", between=" ")
    assert become.candidates == ("+ good  - bad",)
    with pytest.raises(ValueError, match="between: expected white space, got 'x'"):
        transforms.get("hindsight").options(between="x")


def test_the_space_is_no_part_of_an_identity_where_it_is_what_it_was():
    options = transforms.get("hindsight").options
    assert "between" not in identity(options()) and identity(options(between=" "))["between"] == " "
