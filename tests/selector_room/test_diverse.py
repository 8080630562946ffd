"""diverse."""

from __future__ import annotations

from benchbench.selectors.diverse import distance

from .toys import group, places, scores


def test_the_first_pair_lies_farthest_apart_and_the_next_farthest_from_it():
    """Distances of token sets: abc-abd 1/2, abc-xyz 1, abd-xyz 1, and lower ones; abc-xyz comes first.

    Then abd-xyw: abd is 1/2 from abc, xyw 1/2 from xyz, more than any pair with a response that was taken.
    """
    texts = group("abc", "abd", "xyz", "xyw")
    assert places("diverse", texts, scores(4.0, 3.0, 2.0, 1.0)) == [(0, 2), (1, 3)]
    assert places("diverse", texts, scores(4.0, 3.0, 2.0, 1.0), pairs=1) == [(0, 2)]


def test_the_distance_is_jaccards():
    assert distance(frozenset({1, 2, 3}), frozenset({2, 3, 4, 5})) == 1 - 2 / 5
    assert distance(frozenset(), frozenset()) == 0.0
    assert distance(frozenset({1}), frozenset()) == 1.0


def test_there_are_no_more_rows_than_pairs():
    assert places("diverse", group("a", "b"), scores(0.0, 1.0), pairs=5) == [(1, 0)]
