"""What is read from answers to the games."""

from __future__ import annotations

import math

import pytest

from benchbench.analyses._games import effect, prisoners


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("A", "A"),
        ("B.", "B"),
        ("**A**", "A"),
        ("A rational player defects, so B.", "B"),
        ("I choose A because it pays more.", "A"),
        ("I choose A because it pays more than B.", None),
        ("Option A is better than B.", None),
        ("Either will do.", None),
    ],
)
def test_an_answer_names_one_letter_alone(text: str, letter: str | None):
    for game in prisoners(1):
        assert game.read(text) == (None if letter is None else int(letter == game.cooperate))


def test_one_level_has_no_effect():
    assert math.isnan(effect([{"cooperate": 0.5}], "cooperate"))
    assert effect([{"cooperate": 0.5}, {"cooperate": 0.25}], "cooperate") == -0.25
