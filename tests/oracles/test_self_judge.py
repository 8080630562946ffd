"""self_judge."""

from __future__ import annotations

import pytest

from benchbench import oracles

from .toys import Writer, context, group, labelled


def test_both_orders_are_asked_and_averaged():
    """A policy that always says A is for nobody; one that knows b is for b."""
    (labels,) = labelled("self_judge", [group("x", "b")], context(writer=Writer(lambda prompt: ["A"])))
    assert labels.wins == {(0, 1): 0.5} and labels.answers == 1
    knows = Writer(lambda prompt: ["A" if "Response A:\nb" in prompt else "B"])
    assert labelled("self_judge", [group("x", "b")], context(writer=knows))[0].wins == {(0, 1): 0.0}
    assert len(knows.prompts) == 2


def test_the_share_of_several_answers_is_the_win():
    """First order: 3 of 4 for the first; second order: 1 of 2 that answer for its first: (.75 + .5) / 2."""
    said = {True: ["A", "A", "B", "A"], False: ["A", "B", "?", ""]}
    writer = Writer(lambda prompt: said["Response A:\nx" in prompt])
    (labels,) = labelled("self_judge", [group("x", "b")], context(writer=writer), samples=4)
    assert labels.wins == {(0, 1): pytest.approx(0.625)}


def test_a_pair_without_an_answer_is_left_out_and_identical_texts_tie_uncalled():
    writer = Writer(lambda prompt: ["what ?"])
    (labels,) = labelled("self_judge", [group("x", "b", "x")], context(writer=writer))
    assert labels.wins == {(0, 2): 0.5} and labels.answers == 0
    assert len(writer.prompts) == 4


def test_the_same_word_for_both_is_refused():
    with pytest.raises(ValueError, match="second: expected another word than first, got 'a'"):
        oracles.get("self_judge").options(second="a")
