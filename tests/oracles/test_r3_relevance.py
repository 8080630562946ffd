"""r3_relevance: its three factors by hand."""

from __future__ import annotations

import math

import pytest

from benchbench.oracles.r3_relevance import (
    embedding,
    inner_product,
    length_incentive,
    repetition_penalty,
    reward,
)

from .toys import group, labelled


def test_length_incentive_is_words_over_a_hundred():
    assert length_incentive(["word"] * 50) == 0.5 and length_incentive([]) == 0.0
    assert length_incentive(["word"] * 300) == 3.0, "it has no end"


def test_repetition_penalty_is_distinct_trigrams_over_all():
    """A b c, b c a, c a b, a b c: three of four."""
    assert repetition_penalty(["a", "b", "c", "a", "b", "c"]) == 0.75
    assert repetition_penalty(["a", "b"]) == 1.0 and repetition_penalty(["a", "b", "c"]) == 1.0


def test_relevance_is_the_cosine_of_counts():
    """(1, 1) against (1, 2) of cat and dog."""
    first, second = embedding(["cat", "dog"], 4096), embedding(["cat", "dog", "dog"], 4096)
    assert inner_product(first, second) == pytest.approx(3 / math.sqrt(2 * 5))
    assert inner_product(first, embedding(["sun"], 4096)) == 0.0 == inner_product(first, embedding([], 4096))
    assert inner_product(embedding(["cat"], 1), embedding(["sun"], 1)) == 1.0, "all words fall on the one place"


def test_the_reward_is_the_product_whatever_the_case():
    words = ["the", "cat", "saw", "the", "cat", "saw"]
    relevance = inner_product(embedding(["the", "cat"], 4096), embedding(words, 4096))
    expected = relevance * 0.06 * 0.75
    assert reward("The CAT", "the cat saw, the Cat saw!", 4096) == pytest.approx(expected)
    assert relevance == pytest.approx(4 / math.sqrt(2 * 12))


def test_what_is_about_the_prompt_wins_and_a_response_without_words_has_nothing():
    (labels,) = labelled("r3_relevance", [group("a red car", "seven blue suns", "...", prompt="red car")])
    assert labels.scores is not None
    on_topic, off_topic, nothing = labels.scores
    assert on_topic is not None and on_topic > 0 and off_topic == 0.0 == nothing
    assert labels.win(0, 1) == pytest.approx(1 / (1 + math.exp(-on_topic / 0.05)))


def test_numbers_out_of_range_are_refused():
    for options in ({"places": 0}, {"tau": 0.0}):
        with pytest.raises(ValueError, match="expected"):
            labelled("r3_relevance", [group("a")], **options)
