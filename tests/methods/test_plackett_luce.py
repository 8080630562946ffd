"""DPO over lists, under the Plackett-Luce model."""

from __future__ import annotations

import itertools
import math

import pytest

from benchbench.methods import dpo
from benchbench.methods.plackett_luce import Hyper, loss, reward

from .toys import listed


def test_by_hand_for_three():
    """Scores log 3, log 2 and 0 in that order: the best of 6, then the better of 3."""
    scores = listed([math.log(3), math.log(2), 0.0], reference=[0.0] * 3, reward=[5.0, 4.0, 1.0])
    expected = math.log(6 / 3) + math.log(3 / 2)
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(expected, rel=1e-12)
    assert reward(scores, Hyper(beta=2.0))[0].tolist() == pytest.approx([2 * math.log(3), 2 * math.log(2), 0.0])


@pytest.mark.parametrize("rewards", [[1.0, 0.0], [0.0, 1.0]])
def test_for_two_candidates_it_is_the_logistic_of_dpo(rewards):
    """With the better one first; only their order counts, not by how much."""
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], reward=rewards)
    ordered = listed([-2.5, -5.0][:: 1 if rewards[0] else -1], reference=[-3.0, -4.7][:: 1 if rewards[0] else -1])
    expected = dpo.loss(ordered, dpo.Hyper(beta=0.1)).item()
    assert loss(scores, Hyper(beta=0.1)).item() == pytest.approx(expected, rel=1e-12)


def test_the_likelihoods_of_all_orders_sum_to_one():
    policy = [-1.0, -2.5, 0.5, -4.0]
    total = 0.0
    for rewards in itertools.permutations([0.0, 1.0, 2.0, 3.0]):
        scores = listed(policy, reference=[0.0] * 4, reward=rewards)
        total += math.exp(-loss(scores, Hyper(beta=0.7)).item())
    assert total == pytest.approx(1.0, rel=1e-12)


def test_equal_rewards_are_taken_in_the_order_given():
    tied, told = (listed([-1.0, -2.0, 0.5], reference=[0.0] * 3, reward=r) for r in ([1.0, 1.0, 0.0], [2.0, 1.0, 0.0]))
    assert loss(tied, Hyper()).item() == loss(told, Hyper()).item()


def test_a_constant_added_to_all_scores_changes_nothing():
    one, other = (listed([-1.0, -2.0, 0.5], reference=[c] * 3, reward=[1.0, 3.0, 2.0]) for c in (0.0, -40.0))
    assert loss(one, Hyper()).item() == pytest.approx(loss(other, Hyper()).item(), rel=1e-12)
