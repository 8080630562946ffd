"""against_mixture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchbench.core.rollout import Labels

from .toys import columns, group, places, response

TEXTS = {"a": "policy", "b": "policy", "c": "mixture", "d": "mixture"}
GROUP = replace(group(), responses=tuple(response(text, arm) for text, arm in TEXTS.items()))
WINS = {(0, 2): 0.9, (0, 3): 0.7, (1, 2): 0.2, (1, 3): 0.4}


def test_the_policys_responses_are_the_row_with_their_mean_win_over_the_opponents():
    labels = Labels(wins=WINS)
    assert places("against_mixture", GROUP, labels) == [(0, 1)]
    assert columns("against_mixture", GROUP, labels)["win_against_mixture"] == pytest.approx((0.8, 0.3))


def test_a_response_that_was_not_compared_with_every_opponent_is_left_out():
    labels = Labels(wins={pair: win for pair, win in WINS.items() if pair != (1, 3)})
    assert places("against_mixture", GROUP, labels) == [(0,)]


def test_without_an_opponent_there_is_no_row():
    said = "no response that was compared with the opponent's"
    assert places("against_mixture", GROUP, Labels(wins=WINS), opponent="reference") == said
