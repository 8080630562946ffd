"""yes_token."""

from __future__ import annotations

import pytest

from benchbench import oracles

from .toys import Writer, context, group, labelled


def test_the_share_of_answers_that_say_yes():
    """Three of four that answer say yes; one says neither; nobody answers for b."""
    said = {"a": ["Yes", "yes .", "No , yes", "well", "YES!"], "b": ["well"] * 5}
    writer = Writer(lambda prompt: said[prompt.split("Response:\n")[1][0]])
    (labels,) = labelled("yes_token", [group("a", "b")], context(writer=writer), samples=5)
    assert labels.scores == (0.75, None) and labels.answers == 1


def test_the_question_has_prompt_and_response_and_braces_stay():
    writer = Writer(lambda prompt: ["Yes"])
    options = {"question": "{prompt}|{response}?", "samples": 1}
    labelled("yes_token", [group("{prompt}", prompt="p {response}")], context(writer=writer), **options)
    assert writer.prompts == ["p {response}|{prompt}?"]


def test_a_word_inside_another_does_not_count():
    writer = Writer(lambda prompt: ["yesterday", "nothing"])
    (labels,) = labelled("yes_token", [group("a")], context(writer=writer), samples=2)
    assert labels.scores == (None,)


def test_a_question_without_its_places_is_refused():
    with pytest.raises(
        ValueError, match="question: expected a text with {prompt}, {response}, got none with {response}"
    ):
        oracles.get("yes_token").options(question="{prompt}?")
