"""unpaired_from_scores."""

from __future__ import annotations

from .toys import several, transformed


def test_by_hand():
    """At a threshold of 2, scores 1, 2, 3 are one undesirable and two desirable responses, each with its own score."""
    become, counts = transformed("unpaired_from_scores", [several("x", (1, 2, 3), gold=(5.0, 6.0, 7.0))], threshold=2.0)
    assert [(e.id, e.label, e.ratings, e.columns["gold"]) for e in become] == [
        ("x-1", False, (1,), (5.0,)),
        ("x-2", True, (2,), (6.0,)),
        ("x-3", True, (3,), (7.0,)),
    ]
    assert counts.changed == {"labelled desirable": 2, "labelled undesirable": 1}
