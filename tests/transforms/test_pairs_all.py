"""pairs_all."""

from __future__ import annotations

from .toys import ids, several, texts, transformed


def test_by_hand():
    """Scores 3, 9, 3: b above a, b above c; a and c tie."""
    become, counts = transformed("pairs_all", [several("x", (3, 9, 3)), several("y", (1, 1))])
    assert texts(become) == [("b", "a"), ("b", "c")] and ids(become) == ["x-1-0", "x-1-2"]
    assert counts.dropped == {"all scores equal": 1} and sum(counts.added.values()) == 1
