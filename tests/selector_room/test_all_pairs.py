"""all_pairs."""

from __future__ import annotations

from benchbench.core.rollout import Labels

from .toys import group, places, scores


def test_every_pair_with_the_higher_score_first():
    assert places("all_pairs", group("a", "b", "c"), scores(1.0, 3.0, 2.0)) == [(1, 0), (2, 0), (1, 2)]


def test_equal_ones_make_no_pair_unless_ties_are_kept():
    texts, labels = group("a", "b", "c"), scores(1.0, 1.0, 2.0)
    assert places("all_pairs", texts, labels) == [(2, 0), (2, 1)]
    assert places("all_pairs", texts, labels, ties="keep") == [(0, 1), (2, 0), (2, 1)]


def test_comparisons_that_run_in_a_circle_are_all_rows():
    """A beats b, b beats c, c beats a; a pair that nobody compared is left out."""
    labels = Labels(wins={(0, 1): 0.9, (1, 2): 0.8, (2, 0): 0.7})
    assert places("all_pairs", group("a", "b", "c", "d"), labels) == [(0, 1), (2, 0), (1, 2)]


def test_a_pair_whose_better_one_was_cut_is_left_out():
    assert places("all_pairs", group("a/", "b", "c"), scores(3.0, 2.0, 1.0)) == [(1, 2)]
    assert places("all_pairs", group("a/", "b", "c"), scores(3.0, 2.0, 1.0), cut="keep") == [(0, 1), (0, 2), (1, 2)]
    assert places("all_pairs", group("a/", "b/"), scores(3.0, 2.0)) == "every response was cut"
