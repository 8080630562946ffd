"""What an example refuses."""

from __future__ import annotations

import dataclasses
import math

import pytest

from benchbench.core.example import Example, Message, Span, taken_places

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


# --- roles, prompts, spans ------------------------------------------------------------------------------------------

OTHER = (Message("user", "Name a number."),)
SPANS = {"mask": ((Span(0, 2, 0.0),), ()), "weight": ((Span(0, 1, 2.0), Span(2, 4, 0.5)), (Span(0, 5, 3.0),))}


def test_roles_prompts_and_spans_belong_to_candidates_and_move_with_them():
    whole = example(
        candidates=("blue", "seven", "grey"),
        ratings=(3.0, 1.0, 2.0),
        columns={"gold": (1.0, 2.0, 3.0), "p": 0.5},
        roles=("chosen", "rejected", "gold"),
        prompts=(PROMPT, OTHER, PROMPT),
        spans={name: (*rows, ()) for name, rows in SPANS.items()},
    )
    taken = whole.taking([2, 0])
    assert taken.candidates == ("grey", "blue") and taken.roles == ("gold", "chosen") and taken.ratings == (2.0, 3.0)
    assert taken.columns == {"gold": (3.0, 1.0), "p": 0.5} and taken.prompts == (PROMPT, PROMPT)
    assert taken.spans == {"mask": ((), SPANS["mask"][0]), "weight": ((), SPANS["weight"][0])}
    assert whole.taking([0, 1, 2]) == whole and taken.id == whole.id and taken.prompt == PROMPT


def test_where_no_roles_are_given_two_candidates_are_a_pair():
    assert example().known_roles == ("chosen", "rejected") and example(candidates=("a",)).known_roles == ("chosen",)
    assert example(candidates=("a", "b", "c")).known_roles == ()
    assert example(roles=("gold", "unseen")).known_roles == ("gold", "unseen")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"roles": ("chosen",)}, "roles: expected one for each of 2 candidates, got 1"),
        ({"roles": ("chosen", "")}, "roles: expected names of letters, digits and _, got ''"),
        ({"roles": ("chosen, rejected", "gold")}, "expected names of letters, digits and _, got 'chosen, rejected'"),
        ({"roles": ("rejected", "chosen")}, "roles: expected chosen before rejected, got rejected, chosen"),
        ({"prompts": (PROMPT,)}, "prompts: expected one for each of 2 candidates, got 1"),
        ({"prompts": (PROMPT, ())}, "prompts: expected a conversation for each candidate, candidate 1 has none"),
        ({"spans": {"mask": ((),)}}, "spans 'mask': expected one for each of 2 candidates, got 1"),
        ({"spans": {"mask": ((), (Span(0, 6, 0.0),))}}, "candidate 1: expected 0 <= start < end <= 5, the length of"),
        ({"spans": {"mask": ((Span(-1, 2, 0.0),), ())}}, r"the length of its text, got \[-1, 2\)"),
        ({"spans": {"mask": ((Span(2, 2, 0.0),), ())}}, r"the length of its text, got \[2, 2\)"),
        ({"spans": {"mask": ((Span(0, 2, 1.0),), ())}}, r"expected the value 0 of a hole, got 1 in \[0, 2\)"),
        ({"spans": {"w": ((Span(0, 2, math.nan),), ())}}, r"expected a finite number, got nan in \[0, 2\)"),
        (
            {"spans": {"w": ((Span(0, 3, 1.0), Span(2, 4, 1.0)), ())}},
            r"do not overlap, got \[0, 3\) and then \[2, 4\)",
        ),
        ({"spans": {"w": ((Span(2, 4, 1.0), Span(0, 2, 1.0)), ())}}, "expected spans in order"),
    ],
)
def test_what_does_not_fit_its_candidate_is_refused(changes, message):
    with pytest.raises(ValueError, match=f"^example e1: .*{message}"):
        example(**changes)


@pytest.mark.parametrize(
    ("known", "wanted", "places"),
    [
        (("chosen", "rejected", "gold"), ("gold", "chosen"), (2, 0)),
        (("rejected", "rejected", "chosen"), ("chosen", "rejected", "rejected"), (2, 0, 1)),
        (("chosen", "rejected", "rejected"), ("chosen", "rejected"), None),
        (("chosen", "rejected"), ("chosen", "gold"), None),
        ((), ("chosen",), None),
    ],
)
def test_places_of_roles(known, wanted, places):
    """A role that is there more often than it is wanted does not say which candidate is meant."""
    assert taken_places(known, wanted) == places
