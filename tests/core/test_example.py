"""What an example refuses."""

from __future__ import annotations

import dataclasses

import pytest

from benchbench.core.example import Example, Message

PROMPT = (Message("user", "Name a colour."),)


def example(**changes) -> Example:
    return Example(**{"id": "e1", "prompt": PROMPT, "candidates": ("blue", "seven"), **changes})


def test_a_pair_with_ratings_and_columns_is_accepted():
    found = example(ratings=(1.0, 0.0), columns={"p_chosen": 0.8, "gold": (1.0, -1.0)})
    assert found.columns["gold"] == (1.0, -1.0) and found.label is None


@pytest.mark.parametrize("prompt", [(), (Message("user", ""),), (Message("system", " "), Message("user", "\n"))])
def test_an_empty_prompt_is_refused(prompt):
    with pytest.raises(ValueError, match="^example e1: empty prompt$"):
        example(prompt=prompt)


def test_one_turn_with_content_is_enough():
    assert example(prompt=(Message("system", ""), *PROMPT)).prompt[1].content == "Name a colour."


def test_no_candidate_is_refused():
    with pytest.raises(ValueError, match="^example e1: no candidate response$"):
        example(candidates=())


def test_an_empty_response_is_no_fault_of_the_example():
    """Whether it may be trained on is the recipe's business, once it is tokenised."""
    assert example(candidates=("", "seven")).candidates[0] == ""


@pytest.mark.parametrize("ratings", [(1.0,), (1.0, 2.0, 3.0), ()])
def test_ratings_of_another_length_are_refused(ratings):
    with pytest.raises(ValueError, match=f"^example e1: {len(ratings)} ratings for 2 candidates$"):
        example(ratings=ratings)


def test_a_column_per_candidate_has_one_value_for_each():
    with pytest.raises(ValueError, match="^example e1: column 'gold' has 3 values for 2 candidates$"):
        example(columns={"p_chosen": 0.5, "gold": (1.0, 2.0, 3.0)})


def test_an_example_never_changes():
    with pytest.raises(dataclasses.FrozenInstanceError):
        example().id = "other"
