"""corrupted_prompts."""

from __future__ import annotations

import pytest

from benchbench import methods, transforms

from .toys import pair, transformed

QUESTION = "one two three four five six seven eight nine ten"


def test_the_pair_lacks_few_words_and_the_third_candidate_most():
    (become,), _ = transformed("corrupted_prompts", [pair("x", prompt=QUESTION)], perturbed=0.2, corrupted=0.7)
    asked = [prompt[0].content.split() for prompt in become.prompts or ()]
    assert [words.count("_") for words in asked] == [2, 2, 7] and asked[0] == asked[1]
    assert all(first == "_" or first == word for first, word in zip(asked[2], QUESTION.split(), strict=True))
    assert {place for place, word in enumerate(asked[0]) if word == "_"} < {
        place for place, word in enumerate(asked[2]) if word == "_"
    }
    assert become.candidates == ("good", "bad", "good") and become.roles == methods.get("tars_twin").roles


def test_a_prompt_of_too_few_words_is_left_out():
    _, counts = transformed("corrupted_prompts", [pair("x", prompt="?")])
    assert counts.dropped == {"too few words to hide": 1}


def test_shares_that_do_not_rise_are_refused():
    with pytest.raises(ValueError, match="corrupted: expected a share"):
        transforms.get("corrupted_prompts").options(perturbed=0.5, corrupted=0.5)
