"""votes."""

from __future__ import annotations

from .toys import group, labelled

TEXTS = ("it is 4", "2 + 2 = 4", "so 5", "who knows", "4.0")


def test_a_response_is_worth_the_share_that_ends_as_it_does():
    """Three of five end in 4, one in 5; the one without an answer has no vote."""
    (labels,) = labelled("votes", [group(*TEXTS)])
    assert labels.scores == (0.6, 0.6, 0.2, 0.0, 0.6)


def test_the_majority_is_1_and_the_rest_0():
    assert labelled("votes", [group(*TEXTS)], score="majority")[0].scores == (1.0, 1.0, 0.0, 0.0, 1.0)


def test_two_answers_of_equal_votes_are_both_the_most_frequent():
    assert labelled("votes", [group("1", "2")], score="majority")[0].scores == (1.0, 1.0)
    assert labelled("votes", [group("a", "b")], score="majority")[0].scores == (0.0, 0.0)


def test_more_votes_win_for_certain_and_equal_ones_tie():
    (labels,) = labelled("votes", [group(*TEXTS)])
    assert [labels.win(0, place) for place in range(5)] == [0.5, 0.5, 1.0, 1.0, 0.5]
    assert labels.win(3, 2) == 0.0
