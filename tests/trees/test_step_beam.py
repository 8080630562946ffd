"""Step beam against trees whose best path a reader can see, and against enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from .forest import Forest, beam_of, spelled

VALUES = {"A": 3, "B": 2, "C": 1, "AA": 1, "AB": 0, "BA": 5, "BB": 4, "CA": 9}


def test_a_beam_of_two_finds_what_a_greedy_search_misses_and_neither_sees_below_what_was_dropped():
    assert spelled(beam_of(Forest(VALUES), keep=1, depth=2).path) == "AA"
    assert spelled(beam_of(Forest(VALUES), keep=2, depth=2).path) == "BA"
    assert spelled(beam_of(Forest(VALUES), keep=3, depth=2).path) == "CA"


def test_siblings_are_all_steps_from_the_states_of_the_path_with_their_values():
    result = beam_of(Forest(VALUES), keep=2, depth=2)
    first, second = result.siblings
    assert first.prefix == () and [s.response.text for s in first.continuations] == ["A", "B", "C"]
    assert (first.chosen, first.values, first.visits) == (1, (3, 2, 1), None)
    assert spelled(second.prefix) == "B" and (second.chosen, second.values) == (0, (5, 4))
    assert result.proposed == result.valued == 3 + 4


def test_every_depth_asks_once_and_names_its_draws_by_places():
    forest = Forest(VALUES)
    beam_of(forest, keep=2, depth=2)
    assert forest.calls == 2
    assert forest.names == ["root", "root.0", "root.1"]


def test_ties_of_the_last_kept_value_are_kept_where_that_is_asked_for():
    values = {"A": 2, "B": 1, "C": 1, "AA": 0, "BA": 0, "CA": 7}
    assert spelled(beam_of(Forest(values), keep=2, depth=2).path) == "AA"
    assert spelled(beam_of(Forest(values), keep=2, depth=2, keep_ties=True).path) == "CA"


def test_a_finished_prefix_stays_in_the_beam_and_may_be_selected():
    values = {"A": 5, "B": 1, "BA": 2}
    result = beam_of(Forest(values), keep=2, depth=3)
    assert spelled(result.path) == "A" and len(result.siblings) == 1 and result.path[-1].is_final


def test_the_first_of_the_leaves_of_the_highest_value_is_selected():
    assert spelled(beam_of(Forest({"A": 1, "B": 1, "AA": 3, "BA": 3, "BB": 2}), keep=3, depth=2).path) == "AA"


def test_a_beam_as_wide_as_the_tree_is_enumeration():
    rng = np.random.default_rng(0)
    spellings = ["".join(letters) for n in (1, 2, 3) for letters in itertools.product("ABC", repeat=n)]
    for _ in range(20):
        values = {spelling: float(rng.normal()) for spelling in spellings}
        leaves = [spelling for spelling in spellings if len(spelling) == 3]
        result = beam_of(Forest(values), keep=27, depth=3)
        assert spelled(result.path) == max(leaves, key=lambda leaf: values[leaf])


def test_what_cannot_be_searched_is_refused():
    with pytest.raises(ValueError, match="at least 1, got 0 and 2"):
        beam_of(Forest(VALUES), keep=0, depth=2)
    with pytest.raises(ValueError, match="none was proposed"):
        beam_of(Forest({}), keep=1, depth=2)
