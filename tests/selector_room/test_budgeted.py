"""budgeted."""

from __future__ import annotations

import pytest

from benchbench import selectors

from .toys import group, places, scores, selected


def test_groups_with_the_largest_or_smallest_difference_are_paid_for():
    """Differences 1, 5, 3, and a tie, which is never among them."""
    groups = [group("a", "b", example=f"x{k}") for k in range(4)]
    labels = [scores(1.0, 0.0), scores(0.0, 5.0), scores(3.0, 0.0), scores(1.0, 1.0)]
    large = selected("budgeted", groups, labels, pairs=2, by="large_margin")
    assert [bool(rows) for rows in large.picks] == [False, True, True, False]
    assert large.dropped == {"no response with a lower score than the best": 1, "beyond the budget": 1}
    small = selected("budgeted", groups, labels, pairs=2, by="small_margin")
    assert [bool(rows) for rows in small.picks] == [True, False, True, False]


def test_chance_takes_as_many_and_others_with_other_draws():
    groups = [group("a", "b", example=f"x{k}") for k in range(30)]
    results = [selected("budgeted", groups, [scores(1.0, 0.0)] * 30, seed, pairs=10) for seed in (0, 1)]
    assert [sum(map(bool, result.picks)) for result in results] == [10, 10]
    assert results[0] != results[1]


def test_a_budget_above_what_there_is_takes_all():
    assert places("budgeted", group("a", "b"), scores(1.0, 0.0), pairs=100) == [(0, 1)]


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(ValueError, match="pairs: expected 1 or more, got 0"):
        selectors.get("budgeted").options(pairs=0)
