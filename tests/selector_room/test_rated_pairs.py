"""rated_pairs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchbench.core.rollout import Labels

from .toys import columns, group, places, response

TEXTS = {"a": "policy", "b": "policy", "e": "policy", "c": "mixture", "d": "mixture"}
GROUP = replace(group(), responses=tuple(response(text, arm) for text, arm in TEXTS.items()))
WINS = {(0, 3): 0.2, (0, 4): 0.4, (1, 3): 0.9, (1, 4): 0.7, (2, 3): 0.5, (2, 4): 0.5}


def test_two_responses_in_a_row_are_a_pair_with_their_mean_wins_over_the_opponents():
    """The one that wins more stands first, which the loss does not mind; a third one has nobody beside it."""
    labels = Labels(wins=WINS)
    assert places("rated_pairs", GROUP, labels) == [(1, 0)]
    assert columns("rated_pairs", GROUP, labels)["win_against_policy"] == pytest.approx((0.8, 0.3))


def test_a_response_that_was_not_compared_with_every_opponent_is_passed_over():
    labels = Labels(wins={pair: win for pair, win in WINS.items() if pair != (1, 4)})
    assert places("rated_pairs", GROUP, labels) == [(2, 0)]


def test_a_single_response_makes_no_pair():
    labels = Labels(wins={(0, 3): 0.2, (0, 4): 0.4})
    assert places("rated_pairs", GROUP, labels) == "fewer than two responses that were compared with the opponent's"
