"""consistent."""

from __future__ import annotations

import pytest

from benchbench import selectors

from .toys import columns, group, places, scores


@pytest.mark.parametrize(
    ("before", "alike"),
    [((10.0, 20.0, 30.0), 1.0), ((30.0, 20.0, 10.0), 0.0), ((20.0, 10.0, 30.0), 2 / 3), ((5.0, 5.0, 5.0), 1.0)],
)
def test_consistency_is_the_share_of_pairs_that_both_rank_alike(before: tuple[float, ...], alike: float):
    """Equal numbers rank as they stand, as in the authors' code."""
    row = columns("consistent", group("a", "b", "c"), scores(1.0, 2.0, 3.0, reward_before=before))
    assert row["consistency"] == pytest.approx(alike)
    assert row["score"] == (3.0, 1.0) and row["reward_before"] == (before[2], before[0])


def test_labels_without_the_second_ranking_give_no_row():
    assert places("consistent", group("a", "b"), scores(1.0, 2.0)) == "no column 'reward_before'"
    selector = selectors.get("consistent")
    assert selector.reads_columns(selector.options(other="score_of_me")) == ("score_of_me",)


def test_a_response_that_was_drawn_twice_ranks_once():
    labels = scores(1.0, 2.0, 2.0, 3.0, reward_before=(2.0, 1.0, 1.0, 3.0))
    assert columns("consistent", group("a", "b", "b", "c"), labels)["consistency"] == pytest.approx(2 / 3)
