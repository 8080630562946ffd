"""Rules that take candidates by their scores."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.data.picking import acceptance, accepted, deviation_anchor, margin_pair, neighbours

SCORES = st.lists(st.floats(-20, 20), min_size=1, max_size=12)


def test_probabilities_of_the_first_pass():
    """exp((r - 1) / 0.5), recomputed from arXiv:2309.06657 elsewhere."""
    expected = [1.0, 0.301194211912, 0.0907179532894, 0.818730753078]
    assert acceptance([1.0, 0.4, -0.2, 0.9], 0.5) == pytest.approx(expected, rel=1e-10)


def test_the_loop_ends_when_the_candidates_run_out_and_never_accepts_more():
    rng = np.random.default_rng(0)
    assert sorted(accepted([3.0, -50.0, 2.0], 8, 0.5, rng)) == [0, 1, 2]
    for _ in range(20):
        places = accepted([1.0] * 12, 8, 0.5, rng)
        assert places == list(range(8))  # equal rewards are accepted at once


def test_beta_0_takes_the_best_in_their_order():
    assert accepted([1.0, 4.0, 2.0, 3.0], 3, 0.0, np.random.default_rng(0)) == [1, 3, 2]


@settings(max_examples=50, deadline=None)
@given(scores=SCORES, count=st.integers(1, 12), beta=st.sampled_from([0.0, 0.1, 0.5, 10.0]), seed=st.integers(0, 99))
def test_as_many_as_wanted_are_accepted_each_once(scores, count, beta, seed):
    places = accepted(scores, count, beta, np.random.default_rng(seed))
    assert len(places) == len(set(places)) == min(count, len(scores))
    assert all(0 <= chance <= 1 for chance in acceptance(scores, beta))


def test_neighbours_are_each_in_one_pair():
    assert neighbours([4, 2, 7, 1, 9]) == [(4, 2), (7, 1)]
    assert neighbours([4]) == []


def test_the_anchor_worked_by_hand():
    """Mean 2, variance 2/3."""
    assert deviation_anchor([1.0, 2.0, 3.0], -2.0) == pytest.approx(2 - 2 * math.sqrt(2 / 3))
    assert deviation_anchor([5.0], -2.0) == 5.0


def test_the_pair_with_the_extreme_margin_is_the_first_of_equal_ones():
    margins = [0.0, 1.0, 2.0, 4.0]
    pairs = list(combinations(range(4), 2))
    assert margin_pair(pairs, margins.__getitem__, "small") == (0, 1)
    assert margin_pair(pairs, margins.__getitem__, "large") == (0, 3)
