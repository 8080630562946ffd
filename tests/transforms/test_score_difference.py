"""score_difference."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from .toys import pair, transformed

RATED = [replace(pair(f"e{i}"), ratings=ratings) for i, ratings in enumerate([(3.0, 1.5), (2.0, 2.0), (1.0, 4.0)])]


def test_by_hand():
    """3 - 1.5; a tie and a pair that the scores contradict are left out and counted."""
    (become,), counts = transformed("score_difference", RATED)
    assert become.id == "e0" and become.columns["score_gap"] == 1.5
    assert counts.dropped == {"difference too small": 2}


def test_all_stay_without_a_bound():
    become, counts = transformed("score_difference", RATED, at_least=None)
    assert [example.columns["score_gap"] for example in become] == [1.5, 0.0, -3.0] and not counts.dropped


def test_a_pair_without_a_score_is_counted():
    become, counts = transformed("score_difference", [pair("e", reward=(1.0, math.nan))], score="reward")
    assert not become and counts.dropped == {"score missing": 1}


@pytest.mark.parametrize(("at_least", "stay"), [(1.5, 1), (1.6, 0)])
def test_the_bound_itself_stays(at_least: float, stay: int):
    become, _ = transformed("score_difference", RATED[:1], at_least=at_least)
    assert len(become) == stay
