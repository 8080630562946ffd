"""large_margin."""

from __future__ import annotations

from .toys import group, places, scores


def test_the_largest_difference_of_scores():
    """Scores 0, 3, 10, 4: differences 3 10 4 7 1 6."""
    assert places("large_margin", group("a", "b", "c", "d"), scores(0.0, 3.0, 10.0, 4.0)) == [(2, 0)]


def test_another_number_is_the_margin_and_the_score_still_says_who_is_preferred():
    """Implicit rewards 5, 4, 9; the scores order the pair."""
    labels = scores(1.0, 2.0, 3.0, implicit_reward=(5.0, 4.0, 9.0))
    assert places("large_margin", group("a", "b", "c"), labels, margin="implicit_reward") == [(2, 1)]


def test_a_margin_that_nobody_gives_is_counted():
    assert places("large_margin", group("a", "b"), scores(1.0, 2.0), margin="nothing") == "no column 'nothing'"


def test_a_tie_is_no_pair_unless_ties_are_kept():
    """Scores 1, 1, 3."""
    assert places("large_margin", group("a", "b", "c"), scores(1.0, 1.0, 3.0)) == [(2, 0)]
    kept = [(0, 1)] if "large" == "small" else [(2, 0)]
    assert places("large_margin", group("a", "b", "c"), scores(1.0, 1.0, 3.0), ties="keep") == kept
