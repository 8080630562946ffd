"""path_alone."""

from __future__ import annotations

from .toys import group, places, scores


def test_the_response_on_the_path_is_a_row_by_itself():
    labels = scores(1.0, 3.0, on_path=(1.0, 0.0))
    assert places("path_alone", group("a", "b"), labels) == [(0,)]
    assert places("path_alone", group("a"), scores(1.0, on_path=(1.0,))) == [(0,)]
    assert places("path_alone", group("a", "b"), scores(1.0, 3.0), path="") == [(1,)]
    assert places("path_alone", group("a"), scores(1.0)) == "no column 'on_path'"


def test_a_path_that_was_cut_or_is_not_worth_enough_gives_no_row():
    labels = scores(1.0, 3.0, on_path=(1.0, 0.0))
    assert places("path_alone", group("a/", "b"), labels) == "no response on the path that has a score and was not cut"
    assert places("path_alone", group("a/", "b"), labels, cut="keep") == [(0,)]
    assert places("path_alone", group("a", "b"), labels, above=1.0) == "the path has no score above the limit"
    assert places("path_alone", group("a", "b"), labels, above=0.0) == [(0,)]
