"""pairs_best_random."""

from __future__ import annotations

from collections import Counter

from .toys import several, texts, transformed


def test_the_best_stands_against_each_lower_one_equally_often():
    """Of (2, 9, 9, 5): b is the best, c ties with it, a and d are drawn; 400 draws, 200 each, standard deviation 10."""
    become, counts = transformed("pairs_best_random", [several(f"x{i}", (2, 9, 9, 5)) for i in range(400)])
    drawn = Counter(texts(become))
    assert set(drawn) == {("b", "a"), ("b", "d")} and abs(drawn["b", "a"] - 200) < 50
    assert counts.dropped == {} and counts.added == {}


def test_a_tie_of_all_makes_no_pair():
    assert transformed("pairs_best_random", [several("x", (1, 1))])[1].dropped == {"all scores equal": 1}
