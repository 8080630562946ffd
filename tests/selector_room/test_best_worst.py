"""best_worst."""

from __future__ import annotations

import pytest

from benchbench import selectors
from benchbench.core.rollout import Labels

from .toys import columns, group, places, scores


def test_the_highest_score_against_the_lowest_worked_by_hand():
    """Scores 1, 4, 2, 0: the second draw against the fourth; sigmoid(4) of the pair, and its gap."""
    labels = scores(1.0, 4.0, 2.0, 0.0)
    assert places("best_worst", group("a", "b", "c", "d"), labels) == [(1, 3)]
    row = columns("best_worst", group("a", "b", "c", "d"), labels)
    assert row["score"] == (4.0, 0.0) and row["score_gap"] == 4.0
    assert row["p_chosen"] == pytest.approx(0.9820137900379085)


def test_win_rates_are_over_all_of_the_group_that_a_response_is_compared_with():
    """Over three responses of which the first wins surely and the others are even, each with itself as one half."""
    wins = {(0, 1): 1.0, (0, 2): 1.0, (1, 2): 0.5}
    row = columns("best_worst", group("a", "b", "c"), Labels(wins=wins))
    assert row["win_rate"] == (pytest.approx(2.5 / 3), pytest.approx(1 / 3))
    some = columns("best_worst", group("a", "b", "c"), scores(3.0, None, 1.0))
    win = some["p_chosen"]
    win = some["p_chosen"]
    assert some["win_rate"] == (pytest.approx((0.5 + win) / 2), pytest.approx((1.5 - win) / 2))


def test_a_response_without_a_score_takes_no_other_with_it():
    assert places("best_worst", group("a", "b", "c", "d"), scores(1.0, None, 0.0, 1.0)) == [(0, 2)]


def test_of_equal_scores_the_first_drawn():
    assert places("best_worst", group("a", "b", "c", "d"), scores(2.0, 2.0, 1.0, 1.0)) == [(0, 2)]


def test_a_tie_is_dropped_or_kept():
    texts = group("a", "b")
    assert places("best_worst", texts, scores(1.0, 1.0)) == "no response with a lower score than the best"
    assert places("best_worst", texts, scores(1.0, 1.0), ties="keep") == [(0, 1)]
    assert columns("best_worst", texts, scores(1.0, 1.0), ties="keep")["p_chosen"] == 0.5


def test_a_cut_response_with_the_highest_score_is_not_preferred_nor_rejected():
    texts, labels = group("a/", "b", "c/"), scores(9.0, 3.0, 1.0)
    assert places("best_worst", texts, labels) == [(1, 2)]
    assert places("best_worst", texts, labels, cut="keep") == [(0, 2)]
    assert places("best_worst", texts, labels, cut="drop") == "fewer than two different responses"


def test_scores_closer_than_the_gap_are_counted():
    assert places("best_worst", group("a", "b"), scores(1.0, 0.5), min_gap=1.0) == "scores closer than min_gap"
    assert places("best_worst", group("a", "b"), scores(1.5, 0.5), min_gap=1.0) == [(0, 1)]


def test_wins_alone_rank_by_the_mean_win_over_the_others():
    """A beats b and c, b beats c: a 1, b 1/2, c 0; p_chosen is the comparison itself."""
    labels = Labels(wins={(0, 1): 1.0, (2, 0): 0.0, (1, 2): 0.75})
    assert places("best_worst", group("a", "b", "c"), labels) == [(0, 2)]
    row = columns("best_worst", group("a", "b", "c"), labels)
    assert row["score"] == (1.0, 0.125) and row["p_chosen"] == 1.0
    assert row["win_rate"] == (pytest.approx(2.5 / 3), pytest.approx(0.75 / 3))


def test_what_the_oracle_says_of_each_response_goes_with_it():
    assert columns("best_worst", group("a", "b", "c"), scores(0.0, 2.0, 1.0, level=(5, 6, 7)))["level"] == (6, 5)


def test_a_gap_below_0_is_refused():
    with pytest.raises(ValueError, match="min_gap: expected a finite number of at least 0, got -1"):
        selectors.get("best_worst").options(min_gap=-1.0)
