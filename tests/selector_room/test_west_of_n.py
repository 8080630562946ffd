"""west_of_n."""

from __future__ import annotations

from .toys import group, places, scores, selected


def test_best_against_worst_of_those_that_are_sure_enough():
    """Gaps 1, 2, 4 are probabilities .731, .881, .982."""
    groups = [group("a", "b", "c", example=f"x{k}") for k in range(3)]
    labels = [scores(0.0, 1.0, 0.5), scores(0.0, 2.0, 0.5), scores(4.0, 0.0, 0.5)]
    every = selected("west_of_n", groups, labels)
    assert [rows[0].places for rows in every.picks] == [(1, 0), (1, 0), (0, 1)]
    sure = selected("west_of_n", groups, labels, min_confidence=0.9)
    assert [bool(rows) for rows in sure.picks] == [False, False, True]
    assert sure.dropped == {"less sure than min_confidence": 2}


def test_the_surest_share_of_the_groups_stays_rounded_up():
    """Of three pairs a share of 0.5 keeps two, the surest."""
    groups = [group("a", "b", example=f"x{k}") for k in range(3)]
    selection = selected("west_of_n", groups, [scores(1.0, 0.0), scores(3.0, 0.0), scores(2.0, 0.0)], share=0.5)
    assert [bool(rows) for rows in selection.picks] == [False, True, True]
    assert selection.dropped == {"beyond the share of the surest": 1}


def test_equal_scores_are_no_training_data_for_a_reward_model():
    assert places("west_of_n", group("a", "b"), scores(1.0, 1.0)) == "no response with a lower score than the best"
