"""Which of the data's responses the answers are compared with."""

from __future__ import annotations

import math

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Example, Message
from benchbench.judging.chosen import chosen_responses

PROMPT = (Message("user", "why?"),)


def test_the_chosen_response_is_the_first_of_a_pair_or_the_only_one_that_is_not_labelled_bad():
    pair, single = Example("e0", PROMPT, ("good", "bad"), (1.0, 0.5)), Example("e1", PROMPT, ("only",))
    liked, disliked = (Example(f"e{label}", PROMPT, ("it",), label=label) for label in (True, False))
    assert chosen_responses({"e0": pair, "e1": single, "e2": liked}) == {"e0": "good", "e1": "only", "e2": "it"}
    with pytest.raises(BenchError, match="found a response that is labelled bad, in 1 of 2 examples, such as e3"):
        chosen_responses({"e2": liked, "e3": disliked})


def test_of_several_candidates_the_first_is_chosen_where_ratings_put_it_there():
    rated = Example("e0", PROMPT, ("best", "mid", "worst"), (9.0, 5.0, 1.0))
    assert chosen_responses({"e0": rated}) == {"e0": "best"}
    for ratings in (None, (9.0, math.nan, 1.0)):
        unknown = Example("e1", PROMPT, rated.candidates, ratings)
        with pytest.raises(BenchError, match="more than two candidates, in no order, in 1 of 2 examples, such as e1"):
            chosen_responses({"e0": rated, "e1": unknown})
