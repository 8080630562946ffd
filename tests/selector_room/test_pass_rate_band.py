"""pass_rate_band."""

from __future__ import annotations

import pytest

from benchbench import selectors

from .toys import group, places, scores

OUTSIDE = "share of right responses outside the band"


def test_groups_of_the_band_give_best_against_worst():
    """1 of 4 right is 0.25, inside [0.2, 0.8]; all and none are outside."""
    texts = group("a", "b", "c", "d")
    assert places("pass_rate_band", texts, scores(0.0, 1.0, 0.0, 0.0)) == [(1, 0)]
    assert places("pass_rate_band", texts, scores(1.0, 1.0, 1.0, 1.0)) == OUTSIDE
    assert places("pass_rate_band", texts, scores(0.0, 0.0, 0.0, 0.0)) == OUTSIDE


def test_the_ends_belong_to_the_band():
    texts, labels = group("a", "b", "c", "d"), scores(0.0, 1.0, 0.0, 0.0)
    assert places("pass_rate_band", texts, labels, low=0.25, high=0.25) == [(1, 0)]
    assert places("pass_rate_band", texts, labels, low=0.3) == OUTSIDE


def test_equal_responses_count_as_often_as_they_were_drawn():
    """Three of four draws say the right thing, twice in the same words: 0.75."""
    texts, labels = group("a", "a", "b", "c"), scores(1.0, 1.0, 1.0, 0.0)
    assert places("pass_rate_band", texts, labels, high=0.7) == OUTSIDE
    assert places("pass_rate_band", texts, labels, high=0.75) == [(0, 3)]


def test_a_band_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match=r"high: expected a share of at least low \(0.6\), got 0.5"):
        selectors.get("pass_rate_band").options(low=0.6, high=0.5)
