"""best_second."""

from __future__ import annotations

from .toys import group, places, scores


def test_the_two_best_worked_by_hand():
    assert places("best_second", group("a", "b", "c", "d"), scores(1.0, 4.0, 3.0, 0.0)) == [(1, 2)]


def test_a_tie_at_the_top_leads_to_the_next_lower_or_is_kept():
    texts, labels = group("a", "b", "c"), scores(4.0, 4.0, 1.0)
    assert places("best_second", texts, labels) == [(0, 2)]
    assert places("best_second", texts, labels, ties="keep") == [(0, 1)]
