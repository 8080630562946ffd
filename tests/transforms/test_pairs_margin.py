"""pairs_margin."""

from __future__ import annotations

from .toys import several, texts, transformed


def test_by_hand():
    """Implicit rewards 0, 1, 0.9, 5: the closest are b and c, the farthest a and d; the score says who is chosen."""
    example = several("x", (1, 2, 3, 0), implicit_reward=(0.0, 1.0, 0.9, 5.0))
    assert texts(transformed("pairs_margin", [example])[0]) == [("c", "b")]
    assert texts(transformed("pairs_margin", [example], select="large")[0]) == [("a", "d")]


def test_a_label_that_is_a_tie_makes_no_pair():
    example = several("x", (2, 2, 0), implicit_reward=(0.0, 0.1, 9.0))
    assert transformed("pairs_margin", [example])[1].dropped == {"pair labelled as a tie": 1}
