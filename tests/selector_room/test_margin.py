"""margin."""

from __future__ import annotations

import pytest

from benchbench import selectors

from .toys import group, places, scores


def test_the_smallest_and_the_largest_difference_of_scores():
    """Scores 0, 3, 10, 4: differences 3 10 4 7 1 6."""
    texts, labels = group("a", "b", "c", "d"), scores(0.0, 3.0, 10.0, 4.0)
    assert places("margin", texts, labels) == [(3, 1)]
    assert places("margin", texts, labels, select="large") == [(2, 0)]


@pytest.mark.parametrize(("select", "pair"), [("small", (1, 0)), ("large", (2, 1))])
def test_another_number_is_the_margin_and_the_score_still_says_who_is_preferred(select: str, pair: tuple[int, int]):
    """Implicit rewards 5, 4, 9; the scores order the pair."""
    labels = scores(1.0, 2.0, 3.0, implicit_reward=(5.0, 4.0, 9.0))
    assert places("margin", group("a", "b", "c"), labels, select=select, margin="implicit_reward") == [pair]


def test_a_margin_that_nobody_gives_is_counted():
    assert places("margin", group("a", "b"), scores(1.0, 2.0), margin="nothing") == "no column 'nothing'"


def test_a_column_of_the_labels_is_said_to_be_read():
    selector = selectors.get("margin")
    assert selector.reads_columns(selector.options()) == ()
    assert selector.reads_columns(selector.options(margin="implicit_reward")) == ("implicit_reward",)


@pytest.mark.parametrize(("select", "kept"), [("small", (0, 1)), ("large", (2, 0))])
def test_a_tie_is_no_pair_unless_ties_are_kept(select: str, kept: tuple[int, int]):
    """Scores 1, 1, 3."""
    texts, labels = group("a", "b", "c"), scores(1.0, 1.0, 3.0)
    assert places("margin", texts, labels, select=select) == [(2, 0)]
    assert places("margin", texts, labels, select=select, ties="keep") == [kept]
