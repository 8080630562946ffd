"""best_random."""

from __future__ import annotations

from collections import Counter

from .toys import group, places, scores, selected


def test_the_rejected_one_is_any_of_those_below_the_best_about_evenly():
    """Of 300 groups each of the three lower ones is drawn about 100 times; the tie with the best never is."""
    groups = [group("a", "b", "c", "d", "e", example=f"x{k}") for k in range(300)]
    picks = selected("best_random", groups, [scores(4.0, 4.0, 1.0, 2.0, 3.0)] * 300).picks
    assert {rows[0].places[0] for rows in picks} == {0}
    drawn = Counter(rows[0].places[1] for rows in picks)
    assert set(drawn) == {2, 3, 4}
    assert all(70 < count < 130 for count in drawn.values())


def test_one_lower_response_is_drawn_for_sure():
    assert places("best_random", group("a", "b"), scores(0.0, 1.0)) == [(1, 0)]
