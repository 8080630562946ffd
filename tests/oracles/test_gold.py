"""gold."""

from __future__ import annotations

import math

import pytest

from .toys import group, labelled


def test_rewards_worked_by_hand():
    """Right and polite: 1.5 + 0.5 + 1 + 1 = 4; no manners: 3; a filler less 0.3; cut: unreadable, -2."""
    texts = ("sure , answer : a b c .", "answer : a b c .", "sure , answer : a b c . hope this helps .")
    (labels,) = labelled("gold", [group(*texts, texts[0] + "/", prompt="please put these in order : c a b")])
    assert labels.scores == pytest.approx((4.0, 3.0, 3.7, -2.0))
    assert labels.answers == 4
    assert labels.win(0, 1) == pytest.approx(1 / (1 + math.exp(-2)))  # the annotator's temperature of 0.5
