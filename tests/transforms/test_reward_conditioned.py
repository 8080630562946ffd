"""reward_conditioned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchbench import transforms
from benchbench.core.example import Message

from .toys import ids, pair, texts, transformed

ASKS = "Give a response of quality {} on a scale from 1 to 10."


def test_by_hand():
    """Scores 8 and 3.5: two rows, the second with its responses exchanged."""
    example = replace(pair("x", p_chosen=0.9), ratings=(8.0, 3.5))
    become, counts = transformed("reward_conditioned", [example])
    assert ids(become) == ["x-chosen", "x-rejected"] and texts(become) == [("good", "bad"), ("bad", "good")]
    assert [e.prompt[0] for e in become] == [Message("system", ASKS.format("8")), Message("system", ASKS.format("3.5"))]
    assert [e.prompt[1].content for e in become] == ["question x"] * 2
    assert [e.ratings for e in become] == [(8.0, 3.5), (3.5, 8.0)]
    assert [e.columns["p_chosen"] for e in become] == [0.9, pytest.approx(0.1)]
    assert counts.added == {"further examples from the same example": 1}


def test_scores_of_another_scale_are_written_from_1_to_10():
    """-2 to 2: 0 is the middle, 5.5; 2 is 10."""
    become, _ = transformed("reward_conditioned", [pair("x", r=(2.0, 0.0))], score="r", low=-2.0, high=2.0)
    assert [e.prompt[0].content for e in become] == [ASKS.format("10"), ASKS.format("5.5")]


def test_a_system_message_that_is_there_follows_the_text():
    example = replace(pair("x"), prompt=(Message("system", "Be kind."), Message("user", "q")), ratings=(2.0, 1.0))
    become, _ = transformed("reward_conditioned", [example], text="Quality {score}")
    assert become[0].prompt == (Message("system", "Quality 2\n\nBe kind."), Message("user", "q"))
    user, _ = transformed("reward_conditioned", [example], text="Quality {score}", role="user")
    assert user[1].prompt == (Message("system", "Be kind."), Message("user", "Quality 1\n\nq"))


def test_pairs_that_their_scores_contradict_or_do_not_tell_apart_are_dropped():
    examples = [replace(pair("x"), ratings=(1.0, 2.0)), replace(pair("y"), ratings=(2.01, 2.0))]
    _, counts = transformed("reward_conditioned", examples)
    assert counts.dropped == {"scores against the label": 1, "both scores are written alike": 1}


def test_a_text_without_the_score_is_refused():
    with pytest.raises(ValueError, match="text: expected"):
        transforms.get("reward_conditioned").options(text="Be good.")
