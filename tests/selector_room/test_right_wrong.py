"""right_wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchbench import selectors
from benchbench.core.rollout import DATA

from .toys import group, places, response, scores


def test_both_sets_are_walked_side_by_side():
    """Right a, c; wrong b, d, e: a-b, c-d, a-e, c-b, ... as far as the number goes."""
    texts, labels = group("a", "b", "c", "d", "e"), scores(1.0, 0.0, 1.0, 0.0, 0.0)
    assert places("right_wrong", texts, labels) == [(0, 1)]
    assert places("right_wrong", texts, labels, pairs=4) == [(0, 1), (2, 3), (0, 4), (2, 1)]


def test_no_pair_stands_twice():
    """Two right and four wrong ones meet again after four pairs."""
    texts, labels = group("a", "b", "c", "d", "e", "f"), scores(1.0, 1.0, 0.0, 0.0, 0.0, 0.0)
    assert len(set(places("right_wrong", texts, labels, pairs=10))) == 4


def test_one_set_alone_makes_no_pair():
    texts = group("a", "b")
    assert places("right_wrong", texts, scores(0.0, 0.0)) == "no right response"
    assert places("right_wrong", texts, scores(1.0, 1.0)) == "no wrong response"


def test_the_splits_first_candidate_may_be_right_without_asking():
    """So that the set of right ones is never empty; with `scored` all are what the oracle says."""
    texts, labels = group("a", "b", data=("gold", "bad")), scores(0.0, 0.0, 0.0, 0.0)
    assert places("right_wrong", texts, labels, data="right", pairs=3) == [(0, 1), (0, 2), (0, 3)]
    assert places("right_wrong", texts, labels, data="scored") == "no right response"
    assert places("right_wrong", texts, labels) == "no right response"


def test_a_draw_that_says_the_demonstration_is_right_as_it_is():
    """The rollout puts the split's candidates behind the draws, and identical responses stand once."""
    texts = group("gold", "b")
    behind = replace(texts, responses=(*texts.responses, response("gold", DATA)))
    assert places("right_wrong", behind, scores(0.0, 0.0, 0.0), data="right") == [(0, 1)]


@pytest.mark.parametrize(("data", "needed"), [("none", False), ("right", True), ("scored", True)])
def test_the_splits_candidates_are_asked_for_where_they_are_read(data: str, needed: bool):
    selector = selectors.get("right_wrong")
    assert selector.needs_data(selector.options(data=data)) == needed


def test_a_right_response_that_was_cut_is_not_preferred():
    assert places("right_wrong", group("a/", "b", "c"), scores(1.0, 1.0, 0.0)) == [(1, 2)]
    assert places("right_wrong", group("a/", "c"), scores(1.0, 0.0)) == "no right response"


def test_a_response_without_a_score_is_neither():
    assert places("right_wrong", group("a", "b", "c"), scores(None, 1.0, 0.0)) == [(1, 2)]
