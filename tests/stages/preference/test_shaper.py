"""A shaping at work on drawn groups of which the oracle does not know all."""

from __future__ import annotations

import math

import pytest

from benchbench import shaping
from benchbench.core.rollout import Group, Labels, Pick, RolloutResponse
from benchbench.stages.preference.shaper import Shaper


def group(name: str, responses: int = 3) -> Group:
    """A prompt with so many responses of one token and an end."""
    texts = [RolloutResponse((10 + k,), 2, "stop", "policy", str(k)) for k in range(responses)]
    return Group(name, 1, (1, 5), (), tuple(texts))


def shaper(name: str, **options) -> Shaper:
    exhibit = shaping.get(name)
    return Shaper(exhibit, exhibit.options(**options), {})


def test_a_response_without_an_answer_is_shaped_with_nobody_and_teaches_nothing():
    """Of 1 and 3 the deviation is the root of 2; the third response has one of its two rewards alone."""
    labels = Labels(scores=(1.0, 3.0, 0.0), objectives=((1.0, 0.0), (2.0, 1.0), (0.0, math.nan)))
    made = shaper("mo_grpo").shaped([group("a")], [labels])
    advantage = 1 / (math.sqrt(2) + 1e-4)
    assert made.numbers is not None
    assert [each[0] for each in made.numbers[0]] == pytest.approx([-advantage, advantage, 0.0])
    assert made.facts["online/unshaped"] == pytest.approx(1 / 3) and made.labels == [labels]
    rows = made.of_rows([(Pick((1,), {}), Pick((0, 1), {}))])
    assert rows is not None and [[one for (one,) in row] for row in rows] == [
        pytest.approx([advantage]),
        pytest.approx([-advantage, advantage]),
    ]


def test_shaped_rewards_are_the_scores_and_wins_are_those_of_the_group():
    labels = Labels(wins={(0, 1): 1.0, (0, 2): 1.0, (1, 2): 0.5})
    made = shaper("spo_minimax").shaped([group("a"), group("b")], [labels, Labels(wins={(0, 1): 1.0})])
    assert made.labels[0] is not None and made.labels[0].scores == (1.0, 0.25, 0.25)
    assert made.labels[1] is not None and made.labels[1].scores == (None, None, None)
    assert made.numbers is None and made.facts["online/unshaped"] == 0.5
