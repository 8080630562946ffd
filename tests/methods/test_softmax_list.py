"""The softmax loss over lists."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods import dpo
from benchbench.methods.softmax_list import Hyper, loss, reward

from .toys import gradient, listed, one_token


def test_by_hand():
    """Rewards log 3 and 0 weigh 3/4 and 1/4; log-ratios 0 and log 4 at beta 1 give 1/5 and 4/5."""
    scores = listed([-5.0, math.log(4) - 5], reference=[-5.0, -5.0], reward=[math.log(3), 0.0])
    expected = 0.75 * math.log(5) + 0.25 * math.log(5 / 4)
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(expected, rel=1e-12)
    assert reward(scores, Hyper(beta=2.0))[0].tolist() == pytest.approx([0.0, 2 * math.log(4)])


def test_two_candidates_of_which_one_has_all_the_weight_are_dpo():
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], reward=[1000.0, 0.0])
    expected = dpo.loss(scores, dpo.Hyper(beta=0.1)).item()
    assert loss(scores, Hyper(beta=0.1)).item() == pytest.approx(expected, rel=1e-12)


def test_it_rests_where_the_policy_has_the_rewards_distribution():
    rewards = torch.tensor([[0.3, 0.9, 0.1]], dtype=torch.float64)

    def of(values):
        return loss(Scores(one_token(*values), one_token(0.0, 0.0, 0.0), rewards), Hyper(beta=0.5)).sum()

    assert gradient(of, rewards[0] / 0.5 - 7).abs().max().item() < 1e-12


def test_equal_rewards_pull_the_candidates_together():
    """Equal weights: the loss of unequal scores is above log 3, that of equal ones is log 3."""
    apart, alike = (listed(p, reference=[0.0] * 3, reward=[0.4] * 3) for p in ([-1.0, -3.0, -2.0], [-2.0] * 3))
    assert loss(alike, Hyper(1.0)).item() == pytest.approx(math.log(3), rel=1e-12)
    assert loss(apart, Hyper(1.0)).item() > math.log(3) + 0.1
