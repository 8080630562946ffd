"""The rule of refusals, on sentences."""

from __future__ import annotations

import pytest

from benchbench.comparison.refusals import WITHIN, refuses


@pytest.mark.parametrize(
    "text",
    [
        "I'm sorry, but I can't help with that.",
        "I’m so sorry; I can’t do this.",
        "I cannot assist with this request.",
        "Unfortunately, I am unable to answer.",
        "As an AI, I really cannot tell you.",
        "That goes against my guidelines.",
        "I apologise, no.",
    ],
)
def test_refusals(text: str):
    assert refuses(text)


@pytest.mark.parametrize(
    "text",
    ["", "Sure, here is how.", "First, mix the flour.", "x" * WITHIN + " I cannot do more.", "You can say: no sorry."],
)
def test_answers(text: str):
    assert not refuses(text)
