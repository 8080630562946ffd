"""LiPO-lambda."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods import dpo
from benchbench.methods.lipo_lambda import Hyper, loss, reward

from .toys import gradient, listed, one_token


def test_for_two_candidates_it_is_dpo_times_one_weight():
    """|2^1 - 2^0| |1 / log 2 - 1 / log 3|."""
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], reward=[1.0, 0.0])
    weight = 1 / math.log(2) - 1 / math.log(3)
    expected = weight * dpo.loss(scores, dpo.Hyper(beta=0.1)).item()
    assert loss(scores, Hyper(beta=0.1)).item() == pytest.approx(expected, rel=1e-12)
    assert reward(scores, Hyper(beta=0.1))[0].tolist() == pytest.approx([0.05, -0.03])


def test_ranks_are_those_of_the_scores_and_not_of_the_rewards():
    """The best by reward has rank 3, the middle 1: gains 1 and 0.5, discounts 1/log 2, 1/log 3, 1/log 4."""
    scores = listed([-3.0, -1.0, -2.0], reference=[0.0] * 3, reward=[1.0, math.log2(1.5), 0.0])
    discount = {1: 1 / math.log(2), 2: 1 / math.log(3), 3: 1 / math.log(4)}
    ranks, gains, s = (3, 1, 2), (2.0, 1.5, 1.0), (-3.0, -1.0, -2.0)
    expected = 0.0
    for i, j in ((0, 1), (0, 2), (1, 2)):
        weight = abs(gains[i] - gains[j]) * abs(discount[ranks[i]] - discount[ranks[j]])
        expected += weight * math.log1p(math.exp(-(s[i] - s[j])))
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(expected, rel=1e-12)


def test_the_weights_have_no_gradient_and_equal_rewards_make_no_pair():
    """The slopes of a list sum to zero, since differences alone are in the loss; the tied two do not pull apart."""
    rewards = torch.tensor([[1.0, 0.5, 0.5]], dtype=torch.float64)

    def of(values):
        return loss(Scores(one_token(*values), one_token(0.0, 0.0, 0.0), rewards), Hyper(1.0)).sum()

    slope = gradient(of, torch.tensor([-1.0, -2.0, -2.0], dtype=torch.float64))
    assert slope.sum().item() == pytest.approx(0.0, abs=1e-12) and slope[0] < 0 < slope[1]
    tied = listed([-1.0, -2.0], reference=[0.0, 0.0], reward=[0.5, 0.5])
    assert loss(tied, Hyper()).item() == 0.0
