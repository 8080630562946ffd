"""all_candidates."""

from __future__ import annotations

import math

import pytest

from benchbench.core.rollout import Labels

from .toys import columns, group, places, scores


def test_all_responses_in_their_order_with_their_scores_and_win_rates():
    texts, labels = group("a", "b", "c"), Labels(scores=(1.0, 3.0, 2.0), answers=3, tau=0.5)
    assert places("all_candidates", texts, labels) == [(0, 1, 2)]
    row = columns("all_candidates", texts, labels)
    assert row["score"] == (1.0, 3.0, 2.0)
    half = [(0.5 + 1 / (1 + math.exp(4)) + 1 / (1 + math.exp(2))) / 3]
    assert row["win_rate"][0] == pytest.approx(half[0])


def test_a_repeated_draw_stays_or_goes():
    assert places("all_candidates", group("a", "a", "b"), scores(1.0, 1.0, 2.0)) == [(0, 1, 2)]
    assert places("all_candidates", group("a", "a", "b"), scores(1.0, 1.0, 2.0), identical="drop") == [(0, 2)]


def test_a_response_without_a_score_is_left_out():
    assert places("all_candidates", group("a", "b", "c"), scores(1.0, None, 2.0)) == [(0, 2)]
    few = places("all_candidates", group("a", "b", "c"), scores(1.0, None, 2.0), at_least=3)
    assert few == "fewer responses than at_least"


def test_the_win_rate_among_k_is_the_reward_of_self_play():
    """Wins of arXiv:2401.04056's check: means over the others .55 .55 .4."""
    labels = Labels(wins={(0, 1): 0.7, (0, 2): 0.4, (1, 2): 0.8})
    assert columns("all_candidates", group("a", "b", "c"), labels)["score"] == pytest.approx((0.55, 0.55, 0.4))
