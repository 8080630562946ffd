"""triples."""

from __future__ import annotations

from .toys import several, texts, transformed


def test_by_hand():
    """Scores 1, 9, 4, 0, 7: gold b, chosen e, rejected d; a tie of gold and chosen is told, one of the others drops."""
    examples = [several("x", (1, 9, 4, 0, 7)), several("y", (5, 5, 1)), several("z", (5, 1, 1)), several("w", (2, 1))]
    become, counts = transformed("triples", examples)
    assert texts(become) == [("b", "e", "d"), ("a", "b", "c")]
    assert {example.roles for example in become} == {("gold", "chosen", "rejected")}
    assert counts.dropped == {"chosen and rejected scored alike": 1, "fewer than three candidates": 1}
    assert counts.changed == {"gold and chosen scored alike": 1}
