"""desirable."""

from __future__ import annotations

from .toys import several, transformed


def test_by_hand():
    """At a threshold of 2, scores 1, 2, 3 give 0, 1, 1; an example below it is told."""
    become, counts = transformed("desirable", [several("x", (1, 2, 3)), several("y", (0, 1))], threshold=2.0)
    assert [e.columns["desirable"] for e in become] == [(0, 1, 1), (0, 0)]
    assert counts.changed == {"without a desirable candidate": 1}
