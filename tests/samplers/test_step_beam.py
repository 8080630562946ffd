"""step_beam."""

from __future__ import annotations

import pytest

from benchbench import samplers
from benchbench.core.sampler import Arm
from tests.trees.forest import Forest, searched, spelled

from .toys import arms

SAMPLER = samplers.get("step_beam")
VALUES = {"A": 3, "B": 2, "C": 1, "AA": 1, "AB": 0, "BA": 5, "BB": 4, "CA": 9}


def test_the_policy_draws_continuations():
    assert arms("step_beam", 5) == (Arm("policy", 5, {"policy": 1.0}),)


@pytest.mark.parametrize(("keep", "best"), [(1, "AA"), (2, "BA"), (3, "CA")])
def test_options_are_those_of_the_search(keep: int, best: str):
    assert SAMPLER.search is not None
    search = SAMPLER.search(SAMPLER.options(keep=keep, depth=2, groups="paths"))
    assert spelled(searched(search.start(), Forest(VALUES)).path) == best
    assert (search.depth, search.reads_logps, search.groups) == (2, False, "paths")


def test_what_is_drawn_at_most_follows_from_breadth_and_depth():
    assert SAMPLER.search is not None
    assert SAMPLER.search(SAMPLER.options(keep=3, depth=4)).most(5) == 5 * (1 + 3 * 3)
    assert SAMPLER.search(SAMPLER.options(depth=3, keep_ties=True)).most(2) == 2 + 4 + 8


def test_a_beam_that_keeps_nothing_is_refused():
    with pytest.raises(ValueError, match="keep: expected 1 or more, got 0"):
        SAMPLER.options(keep=0)
