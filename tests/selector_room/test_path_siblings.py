"""path_siblings."""

from __future__ import annotations

from .toys import group, places, scores


def test_the_step_on_the_path_against_every_sibling_beside_it():
    texts, labels = group("a", "b", "c", prefix=(5, 6)), scores(1.0, 3.0, 2.0)
    assert places("path_siblings", texts, labels) == [(1, 0), (1, 2)]
    assert places("path_siblings", texts, labels, rejected="lowest") == [(1, 0)]


def test_a_column_says_what_was_chosen_whatever_the_scores_say():
    """The search went on from a, which had not the highest value."""
    labels = scores(1.0, 3.0, 2.0, on_path=(1.0, 0.0, 0.0))
    assert places("path_siblings", group("a", "b", "c"), labels, path="on_path") == [(0, 1), (0, 2)]
    assert places("path_siblings", group("a", "b"), scores(1.0, 2.0), path="on_path") == "no column 'on_path'"


def test_siblings_tied_at_the_top_are_both_on_the_path():
    assert places("path_siblings", group("a", "b", "c"), scores(3.0, 3.0, 2.0)) == [(0, 2), (1, 2)]


def test_no_sibling_beside_the_path_gives_no_row():
    assert places("path_siblings", group("a", "b"), scores(3.0, 3.0)) == "no sibling on the path, or none beside it"


def test_siblings_as_good_as_the_path_may_be_left_out():
    labels = scores(1.0, 1.0, 0.0, on_path=(1.0, 0.0, 0.0))
    assert places("path_siblings", group("a", "b", "c"), labels, path="on_path") == [(0, 1), (0, 2)]
    assert places("path_siblings", group("a", "b", "c"), labels, path="on_path", tied="drop") == [(0, 2)]
