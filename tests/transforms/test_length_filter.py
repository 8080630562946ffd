"""length_filter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchbench import transforms
from benchbench.core.example import Message

from .toys import ids, pair, transformed

EXAMPLES = [
    pair("short", "a", "b c d"),
    pair("fits", "a b", "b c d"),
    pair("long", "a b", "b c d e"),
    pair("asked", "a b", "c d", prompt="one two three four five"),
]


def test_by_hand():
    become, counts = transformed("length_filter", EXAMPLES, min_response=2, max_response=3, max_prompt=4)
    assert ids(become) == ["fits"]
    assert counts.dropped == {"response too short": 1, "response too long": 1, "prompt too long": 1}


def test_characters_are_counted_where_they_are_asked_for():
    become, _ = transformed("length_filter", EXAMPLES, unit="characters", max_response=5)
    assert ids(become) == ["short", "fits", "asked"]


def test_bounds_that_leave_nothing_are_refused():
    with pytest.raises(ValueError, match="max_response: expected at least min_response"):
        transforms.get("length_filter").options(min_response=3, max_response=2)


def test_the_longest_of_the_prompts_of_candidates_counts():
    """The shared prompt has two words, that of the second candidate three."""
    asked = tuple((Message("user", text),) for text in ("one", "one two three"))
    examples = [replace(pair("x"), prompts=asked)]
    assert transformed("length_filter", examples, max_prompt=2)[1].dropped == {"prompt too long": 1}
    assert transformed("length_filter", examples, max_prompt=3)[1].dropped == {}
