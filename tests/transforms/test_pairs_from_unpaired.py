"""pairs_from_unpaired."""

from __future__ import annotations

from .toys import ids, labelled, texts, transformed


def test_by_hand():
    """Of q: two up, one down, so one pair and one up alone; of r: one down alone."""
    examples = [
        labelled("d", "q", "bad", False, user=2.0),
        labelled("u", "q", "good", True, user=1.0),
        labelled("v", "q", "fine", True),
        labelled("w", "r", "poor", False),
    ]
    become, counts = transformed("pairs_from_unpaired", examples)
    assert texts(become) == [("good", "bad")] and ids(become) == ["u"]
    assert become[0].label is None and become[0].columns == {"user": 1.0}
    assert counts.dropped == {
        "joined with its partner into one pair": 1,
        "no partner of the other label (label true)": 1,
        "no partner of the other label (label false)": 1,
    }
