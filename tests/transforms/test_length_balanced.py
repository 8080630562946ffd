"""length_balanced."""

from __future__ import annotations

from .toys import ids, pair, transformed

LONGER_CHOSEN = [pair(f"c{i}", "one two three", "one") for i in range(6)]
LONGER_REJECTED = [pair(f"r{i}", "one", "one two three") for i in range(2)]
EQUAL = [pair(f"e{i}", "one two", "two one") for i in range(3)]


def test_by_hand():
    """Six with the longer chosen, two with the longer rejected: four of the six leave; equal ones stay."""
    become, counts = transformed("length_balanced", LONGER_CHOSEN + LONGER_REJECTED + EQUAL)
    kinds = [name[0] for name in ids(become)]
    assert (kinds.count("c"), kinds.count("r"), kinds.count("e")) == (2, 2, 3)
    assert counts.dropped == {"drawn out of the pairs with the longer response chosen": 4}


def test_a_difference_within_the_tolerance_is_none():
    become, _ = transformed("length_balanced", LONGER_CHOSEN, tolerance=2)
    assert len(become) == 6
    assert len(transformed("length_balanced", LONGER_CHOSEN, tolerance=1)[0]) == 0
