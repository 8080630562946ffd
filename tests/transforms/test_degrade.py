"""degrade."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from benchbench import transforms

from .toys import ids, pair, texts, transformed

TEXT = "The deep neural network learns. A network is deep."


def test_keywords_by_hand():
    """Phrases: deep neural network learns; network; deep. Scores 5/2, 4, 5/2, 4: neural and learns go first."""
    become, counts = transformed("degrade", [pair("x", TEXT)], removed=[0.5, 1.0])
    assert texts(become) == [(TEXT, "The deep network. A network is deep."), (TEXT, "The. A is.")]
    assert ids(become) == ["x-1", "x-2"] and [e.columns["degree"] for e in become] == [(0, 1), (0, 2)]
    assert counts.added == {"further examples from the same example": 1}


def test_as_candidates_every_response_has_its_copies_and_no_score_is_made_up():
    example = replace(pair("x", "red apple", "green pear", gold=(1.0, 0.0), p_chosen=0.9), ratings=(2.0, 1.0))
    (become,), _ = transformed("degrade", [example], removed=[0.5], form="candidates")
    assert become.candidates == ("red apple", "green pear", "apple", "pear")
    assert become.roles == ("chosen", "rejected", "degraded", "degraded")
    assert become.columns["degree"] == (0, 0, 1, 1) and "p_chosen" not in become.columns
    assert become.ratings is not None and become.ratings[:2] == (2.0, 1.0) and math.isnan(become.ratings[2])


def test_words_drawn_at_random_are_removed_more_and_more():
    text = " ".join(f"w{i}" for i in range(10))
    become, _ = transformed("degrade", [pair("x", text)], how="words", removed=[0.2, 0.5])
    few, many = ({*e.candidates[1].split()} for e in become)
    assert (len(few), len(many)) == (8, 5) and many < few


def test_a_response_without_a_keyword_is_left_out():
    _, counts = transformed("degrade", [pair("x", "it is"), pair("y", "Paris")])
    assert counts.dropped == {"nothing to remove": 1, "nothing left of a response": 1}


def test_shares_that_do_not_rise_are_refused():
    with pytest.raises(ValueError, match="removed: expected rising shares"):
        transforms.get("degrade").options(removed=[0.5, 0.2])
