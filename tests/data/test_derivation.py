"""Examples made from examples."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench.core.example import Example, Message
from benchbench.data import derivation


def example(**columns) -> Example:
    return Example("x", (Message("user", "q"),), ("a", "b", "c"), (1.0, 2.0, 3.0), columns=columns)


def test_what_belongs_to_each_candidate_goes_with_it_and_the_rest_stays():
    derived = derivation.with_candidates(example(gold=(7.0, 8.0, 9.0), user=5.0, p_chosen=0.3), (2, 0), name="y")
    assert (derived.id, derived.candidates, derived.ratings) == ("y", ("c", "a"), (3.0, 1.0))
    assert derived.columns == {"gold": (9.0, 7.0), "user": 5.0}


@pytest.mark.parametrize(("places", "p"), [((0, 1), 0.3), ((1, 0), 0.7), ((0,), None)])
def test_the_probability_of_the_first_turns_with_the_pair(places: tuple[int, ...], p: float | None):
    pair = Example("x", (Message("user", "q"),), ("a", "b"), columns={"p_chosen": 0.3})
    derived = derivation.with_candidates(pair, places).columns
    assert derived == ({} if p is None else {"p_chosen": pytest.approx(p)})


def test_missing_scores_are_none_and_missing_numbers_are_not_numbers():
    assert derivation.scores_of(example(), "score") == (1.0, 2.0, 3.0)
    assert derivation.scores_of(example(gold=(1.0, math.nan, 2.0)), "gold") is None
    assert math.isnan(derivation.number_of(example(user=math.nan), "user"))


def test_ties_go_to_the_first():
    assert derivation.best_of((1, 3, 3)) == 1 and derivation.worst_of((1, 1, 3)) == 0


def test_a_text_stands_in_the_system_message_or_before_the_first_turn():
    turns = (Message("user", "q"), Message("assistant", "a"), Message("user", "r"))
    system = derivation.with_text_before(turns, "T", "system")
    assert system == (Message("system", "T"), *turns)
    assert derivation.with_text_before(system, "U", "system")[0] == Message("system", "U\n\nT")
    assert derivation.with_text_before(turns, "T", "user") == (Message("user", "T\n\nq"), *turns[1:])


def test_expanding_counts_what_is_dropped_and_added():
    become = {"a": [example(), example()], "b": "too odd", "c": [example()]}
    named = [Example(name, (Message("user", "q"),), ("t",)) for name in "abbc"]
    made, counts = derivation.expand(named, lambda e: become[e.id])
    assert len(made) == 3 == counts.expected(4)
    assert counts.dropped == {"too odd": 2} and counts.added == {derivation.FURTHER: 1}


def test_an_example_s_draws_are_its_own():
    first, again = (derivation.draws_of(3, "flips", example()).random() for _ in range(2))
    assert first == again != derivation.draws_of(4, "flips", example()).random()
    assert first != derivation.draws_of(3, "others", example()).random()


def test_a_text_after_the_last_turn():
    prompt = (Message("user", "q"), Message("assistant", "a"), Message("user", "r"))
    assert derivation.with_text_after(prompt, "t") == (*prompt[:2], Message("user", "r\n\nt"))


def test_without_what_belongs_to_each_candidate_the_rest_stays():
    bare = derivation.without_columns(example(gold=(7.0, 8.0, 9.0), user=5.0, p_chosen=0.3))
    assert bare == Example("x", (Message("user", "q"),), ("a", "b", "c"), columns={"user": 5.0})


@pytest.mark.parametrize("count", [2, 3, 10])
def test_another_example_for_each_and_each_once(count: int):
    partners = derivation.others(count, np.random.default_rng(0))
    assert sorted(partners) == list(range(count)) and all(place != other for place, other in enumerate(partners))


def test_a_single_example_has_no_other():
    assert [derivation.others(count, np.random.default_rng(0)) for count in (1, 0)] == [[0], []]
