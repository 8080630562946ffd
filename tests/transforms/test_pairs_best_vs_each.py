"""pairs_best_vs_each."""

from __future__ import annotations

from .toys import ids, several, texts, transformed


def test_by_hand():
    """Scores 3, 9, 9, 7: b against a (gap 6), then d (gap 2); c ties with b."""
    become, counts = transformed("pairs_best_vs_each", [several("x", (3, 9, 9, 7))])
    assert texts(become) == [("b", "a"), ("b", "d")] and ids(become) == ["x-0", "x-1"]
    assert [example.columns["gap"] for example in become] == [6, 2]
    assert counts.added == {"further examples from the same example": 1}
