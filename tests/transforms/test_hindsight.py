"""hindsight."""

from __future__ import annotations

import pytest

from benchbench import transforms

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
