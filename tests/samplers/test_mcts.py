"""mcts."""

from __future__ import annotations

import pytest

from benchbench import samplers
from benchbench.core.sampler import Arm
from benchbench.trees.mcts import TreeSearch
from tests.trees.forest import Forest, mcts_of, searched

from .toys import arms

SAMPLER = samplers.get("mcts")
VALUES = {"A": 0.5, "B": 0.6, "AA": 1.0, "AB": 0.0, "BA": 0.2, "BB": 0.3}


def test_the_policy_draws_continuations():
    assert arms("mcts", 2) == (Arm("policy", 2, {"policy": 1.0}),)


def test_options_are_those_of_the_search():
    assert SAMPLER.search is not None
    search = SAMPLER.search(SAMPLER.options(iterations=9, depth=2, exploration=0.5, gamma=0.9, length_penalty=1.0))
    expected = mcts_of(Forest(VALUES), TreeSearch(9, 2, 0.5, 1.0, 0.9))
    assert searched(search.start(), Forest(VALUES)) == expected
    assert (search.depth, search.reads_logps, search.groups) == (2, True, "steps")
    assert search.most(3) == 9 * 2 * 3


def test_a_search_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="gamma in"):
        SAMPLER.options(gamma=2.0)
