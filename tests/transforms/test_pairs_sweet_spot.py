"""pairs_sweet_spot."""

from __future__ import annotations

from .toys import several, texts, transformed


def test_by_hand():
    """Scores 10, 6, 6, 5, 5, 5, 4, 4, 0 have mean 5 and deviation sqrt(54 / 9) = 2.449: the anchor is 0.101, so 0."""
    scores = (10, 6, 6, 5, 5, 5, 4, 4, 0)
    assert texts(transformed("pairs_sweet_spot", [several("x", scores)])[0]) == [("a", "i")]
    assert texts(transformed("pairs_sweet_spot", [several("x", scores)], deviations=-0.5)[0]) == [("a", "g")]


def test_the_very_lowest_is_passed_over_where_it_is_too_far_off():
    """Mean -2.5, deviation 6.1: the anchor, -14.7, is nearer to -11 than to -20."""
    scores = (1.0, *(0.0,) * 9, -11.0, -20.0)
    mean = sum(scores) / 12
    deviation = (sum((s - mean) ** 2 for s in scores) / 12) ** 0.5
    assert abs(-11.0 - (mean - 2 * deviation)) < abs(-20.0 - (mean - 2 * deviation))
    assert texts(transformed("pairs_sweet_spot", [several("x", scores)])[0]) == [("a", "k")]
