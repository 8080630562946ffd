"""user_prefix."""

from __future__ import annotations

import pytest

from benchbench import transforms
from benchbench.core.example import Message

from .toys import ids, pair, transformed

EXAMPLES = [
    pair("a", "yes", "no", prompt="Q1", user=1.0),
    pair("b", "up", "{chosen}", prompt="Q2", user=1.0),
    pair("c", "aye", "nay", prompt="Q1", user=1.0),
    pair("d", "oui", "non", prompt="Q3", user=2.0),
]


def test_by_hand():
    """A and c have one prompt, so b alone is told to them; to b either may be; user 2 has no other pair."""
    become, counts = transformed("user_prefix", EXAMPLES, shots=1, shot="{prompt}: {chosen} > {rejected}", heading="H")
    assert ids(become) == ["a", "b", "c"] and counts.dropped == {"user with too few other preferences": 1}
    shot = Message("system", "H\n\nQ2: up > {chosen}")
    assert become[0].prompt == become[2].prompt == (shot, Message("user", "Q1"))
    assert become[1].prompt[0].content in ("H\n\nQ1: yes > no", "H\n\nQ1: aye > nay")


def test_no_pair_is_told_its_own_label_or_that_of_another_user():
    examples = [pair(f"x{i}", f"good{i}", f"bad{i}", user=float(i % 2)) for i in range(12)]
    become, _ = transformed("user_prefix", examples, shots=5)
    for i, example in enumerate(become):
        told = example.prompt[0].content
        assert {k for k in range(12) if f"good{k}\n" in told} == {k for k in range(i % 2, 12, 2) if k != i}


def test_a_shot_without_a_field_is_refused():
    with pytest.raises(ValueError, match="shot: expected"):
        transforms.get("user_prefix").options(shot="{prompt} {chosen}")
