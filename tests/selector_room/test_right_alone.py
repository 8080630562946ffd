"""right_alone."""

from __future__ import annotations

import pytest

from benchbench import selectors

from .toys import group, places, scores


def test_right_responses_stand_alone_best_first_and_each_once():
    texts, labels = group("a", "b", "c", "b"), scores(1.0, 2.0, 0.0, 2.0)
    assert places("right_alone", texts, labels) == [(1,)]
    assert places("right_alone", texts, labels, rows=4) == [(1,), (0,)]
    assert places("right_alone", texts, labels, rows=4, right_from=1.5) == [(1,)]


def test_a_group_without_a_right_response_gives_no_row():
    assert places("right_alone", group("a", "b"), scores(0.0, 0.0)) == "no right response"


def test_what_was_cut_is_left_out_and_the_splits_candidates_always_are():
    """The split's stand first here; a draw that says the same as one of them is a draw all the same."""
    texts, labels = group("a/", "gold", data=("gold",)), scores(1.0, 1.0, 0.0)
    assert places("right_alone", texts, labels) == "no right response"
    assert places("right_alone", texts, labels, cut="keep") == [(1,)]
    assert places("right_alone", texts, scores(1.0, 1.0, 1.0)) == [(2,)]


def test_no_row_is_refused():
    with pytest.raises(ValueError, match="rows: expected"):
        selectors.get("right_alone").options(rows=0)
