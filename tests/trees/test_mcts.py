"""Monte Carlo tree search: three iterations worked by hand, and enumeration of small trees."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from benchbench.trees.mcts import Node, TreeSearch, back_up, prior_of, puct

from .forest import Forest, mcts_of, spelled, step

VALUES = {"A": 0.5, "B": 0.6, "AA": 1.0, "AB": 0.0, "BA": 0.2, "BB": 0.3}
PRIORS = {"A": 0.6, "B": 0.4}


def searched(iterations: int):
    search = TreeSearch(iterations=iterations, depth=2, exploration=1.0, length_penalty=1.0)
    return mcts_of(Forest(VALUES, PRIORS), search)


def test_three_iterations_are_those_worked_by_hand():
    """Priors A .6, B .4, all below .5; c 1, gamma 1; r(a) = value - value of the parent.

    1. N(root) = 0: B (.6) before A (.5); below it BB (-.3) before BA (-.4). V(B) = -.35, Q(B) = .6 - .35 = .25.
    2. A: .5 + .6 = 1.1; B: .25 + .4 / 2 = .45. Below A: AA (.5). V(A) = 0, Q(A) = .5.
    3. A: .5 + .6 sqrt 2 / 2 = .92; B: .25 + .4 sqrt 2 / 2 = .53. AA: .5 + .5 / 2 = .75; AB: -.5 + .5 = 0.
       V(A) = (2 * .5 - .5) / 3 = 1/6, Q(A) = 2/3.
    """
    (only_b, below_b), path = searched(1).siblings, searched(1).path
    assert spelled(path) == "BB" and only_b.visits == (0, 1) and below_b.visits == (0, 1)
    assert only_b.values == pytest.approx((0.5, 0.25)) and below_b.values == pytest.approx((-0.4, -0.3))
    first, _ = searched(2).siblings
    assert first.visits == (1, 1) and first.values == pytest.approx((0.5, 0.25))
    result = searched(3)
    first, below_a = result.siblings
    assert spelled(result.path) == "AA"
    assert first.visits == (2, 1) and first.values == pytest.approx((2 / 3, 0.25))
    assert below_a.visits == (2, 0) and below_a.values == pytest.approx((0.5, -0.5))
    assert result.proposed == result.valued == 6


def test_the_prior_divides_by_a_power_of_the_number_of_tokens():
    """Two tokens of log 1/2 each: exp(-2 ln 2 / 2 ** 1.25)."""
    assert prior_of(step("A", 0.5, is_final=False), 1.25) == pytest.approx(math.exp(-2 * math.log(2) / 2**1.25))
    assert prior_of(step("A", 0.5, is_final=False), 1.0) == pytest.approx(0.5)


def test_puct_and_the_back_up_are_the_formulas():
    """Children of visits 3 and 0 with Q 1 and 5: V = (3 + 5) / 4 = 2, and with r .5 and gamma .9 Q = 2.3."""
    parent = Node(None, 1.0, 0.0, 0.5, 0.0, visits=9)
    parent.children = [Node(None, 0.2, 0.0, 1.0, 1.0, visits=3), Node(None, 0.8, 0.0, 5.0, 5.0)]
    assert puct(parent, parent.children[0], 2.0) == pytest.approx(1.0 + 2 * 0.2 * 3 / 4)
    assert puct(parent, parent.children[1], 2.0) == pytest.approx(5.0 + 2 * 0.8 * 3)
    back_up([parent], 0.9)
    assert (parent.v, parent.q, parent.visits) == pytest.approx((2.0, 2.3, 10))


def test_visits_of_siblings_sum_to_those_of_their_parent():
    result = searched(50)
    first, second = result.siblings
    assert sum(first.visits or ()) == 50
    assert sum(second.visits or ()) == max(first.visits or ())


def test_enough_iterations_come_to_the_best_leaf_of_any_small_tree():
    rng = np.random.default_rng(1)
    spellings = ["".join(letters) for n in (1, 2, 3) for letters in itertools.product("AB", repeat=n)]
    for _ in range(10):
        leaves = {spelling: float(rng.random()) for spelling in spellings if len(spelling) == 3}
        best = max(leaves, key=lambda leaf: leaves[leaf])
        leaves[best] += 1.0
        values = {
            s: leaves.get(s, float(np.mean([v for k, v in leaves.items() if k.startswith(s)]))) for s in spellings
        }
        assert spelled(mcts_of(Forest(values), TreeSearch(iterations=400)).path) == best


def test_the_same_search_draws_the_same_names_and_expands_a_node_once():
    first, second = Forest(VALUES, PRIORS), Forest(VALUES, PRIORS)
    search = TreeSearch(iterations=10, depth=2)
    assert mcts_of(first, search) == mcts_of(second, search)
    assert first.names == second.names == ["root", "root.1", "root.0"]


def test_the_depth_cuts_a_path_that_is_not_final():
    result = mcts_of(Forest(VALUES, PRIORS), TreeSearch(iterations=4, depth=1))
    assert len(result.path) == 1 and not result.path[-1].is_final


def test_what_cannot_be_searched_is_refused():
    with pytest.raises(ValueError, match="none was proposed at the root"):
        mcts_of(Forest({}), TreeSearch())
    with pytest.raises(ValueError, match="at least 1, got 0 and 3"):
        TreeSearch(iterations=0)
    with pytest.raises(ValueError, match="gamma in"):
        TreeSearch(gamma=1.5)
