"""pairs_rejection_sampling."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.transforms.pairs_rejection_sampling import acceptance, accepted

from .toys import several, texts, transformed


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


def test_the_highest_reward_is_that_of_those_left():
    """With beta 0 the second pass accepts the best of the rest, which it would not below the first one's best."""
    become, counts = transformed("pairs_rejection_sampling", [several("x", (1, 4, 2, 3))], accept=4, beta=0.0)
    assert texts(become) == [("b", "d"), ("c", "a")]
    assert sum(counts.added.values()) == 1


def test_two_accepted_with_equal_rewards_make_no_pair():
    _, counts = transformed("pairs_rejection_sampling", [several("x", (1, 1))])
    assert counts.dropped == {"no two accepted candidates with different scores": 1}
