"""mu_two_sigma."""

from __future__ import annotations

import pytest

from benchbench import selectors

from .toys import group, places, scores


def test_the_response_closest_to_two_deviations_below_the_mean():
    """Scores 10 x nine, -8 and -90: mean (90 - 98) / 11 = -0.727, sd 28.63, anchor -57.98; -90 is nearer than -8.

    At one deviation below, -29.35, the nearer one is -8.
    """
    texts, labels = group(*"abcdefghijk"), scores(*[10.0] * 9, -8.0, -90.0)
    assert places("mu_two_sigma", texts, labels) == [(0, 10)]
    assert places("mu_two_sigma", texts, labels, deviations=-1.0) == [(0, 9)]


def test_few_responses_come_to_the_worst():
    """Of 1, 2, 3 the anchor 2 - 2 x 0.816 = 0.367 lies below all."""
    assert places("mu_two_sigma", group("a", "b", "c"), scores(2.0, 3.0, 1.0)) == [(1, 2)]


def test_deviations_that_are_no_number_are_refused():
    with pytest.raises(ValueError, match="deviations: expected a finite number, got inf"):
        selectors.get("mu_two_sigma").options(deviations=float("inf"))


def test_equal_responses_count_as_often_as_they_were_drawn():
    """10 x nine (all in the same words), -8, -90: mean -0.727, one deviation below it -29.35, nearer to -8 (21 v 61).

    Of the three different texts mean and deviation are -29.3 and 43.6, and -90 lies nearer to -72.9.
    """
    texts, labels = group(*"aaaaaaaaabc"), scores(*[10.0] * 9, -8.0, -90.0)
    assert places("mu_two_sigma", texts, labels, deviations=-1.0) == [(0, 9)]
