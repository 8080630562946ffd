"""FocalPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.focalpo import Hyper, loss

from .toys import gradient, one_token, random_logps

RANDOM = Scores(random_logps(1), random_logps(2))

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def test_by_hand():
    """Beta 1/9: p = sigmoid(1), and p^2 times -log p."""
    p = 1 / (1 + math.exp(-1))
    assert loss(SCORES, Hyper(beta=1 / 9, gamma=2.0)).item() == pytest.approx(-(p**2) * math.log(p), rel=1e-12)


@pytest.mark.parametrize("detach_factor", [False, True])
def test_at_gamma_zero_it_is_dpo(detach_factor):
    dpo, hyper = methods.get("dpo"), Hyper(beta=0.3, gamma=0.0, detach_factor=detach_factor)
    torch.testing.assert_close(loss(RANDOM, hyper), dpo.loss(RANDOM, dpo.hyper(beta=0.3)))


def slope(margin, **hyper):
    """Derivative in the reward margin, by autograd."""

    def at(reward_margin):
        scores = Scores(one_token(reward_margin, 0.0), one_token(0.0, 0.0))
        return loss(scores, Hyper(beta=1.0, gamma=1.0, **hyper)).sum()

    return gradient(at, torch.tensor(margin, dtype=torch.float64)).item()


def test_the_gradient_turns_where_p_is_exp_of_minus_one_over_gamma():
    """d/dz = -p (1 - p) (1 + log p) at gamma 1: zero at p = 1 / e, and wrong pairs are pushed further wrong."""
    turn = -math.log(math.e - 1)
    assert slope(turn) == pytest.approx(0, abs=1e-12)
    assert slope(turn - 1) > 0 > slope(turn + 1)


def test_with_the_factor_held_fixed_it_never_turns():
    """d/dz = -p (1 - p) at gamma 1."""
    for margin in (-20.0, -1.0, 3.0):
        p = 1 / (1 + math.exp(-margin))
        assert slope(margin, detach_factor=True) == pytest.approx(-p * (1 - p), rel=1e-9)


def test_holding_the_factor_does_not_change_the_value():
    torch.testing.assert_close(loss(RANDOM, Hyper(detach_factor=True)), loss(RANDOM, Hyper()), rtol=0, atol=0)
