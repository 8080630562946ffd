"""GPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.gpo_convex import Hyper, loss

from .toys import gradient, one_token, random_logps

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""

TYPES = ("exponential", "truncated_quadratic", "savage")


@pytest.mark.parametrize(
    ("loss_type", "expected"),
    [("exponential", math.exp(-0.9)), ("truncated_quadratic", 0.01), ("savage", (1 / (1 + math.exp(0.9))) ** 2)],
)
def test_by_hand(loss_type, expected):
    """Z = 0.1 * 9."""
    assert loss(SCORES, Hyper(beta=0.1, loss_type=loss_type)).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("loss_type", "expected"), list(zip(TYPES, (1.0, 1.0, 0.25), strict=True)))
def test_a_policy_equal_to_its_reference(loss_type, expected):
    policy = random_logps(1)
    assert loss(Scores(policy, policy), Hyper(loss_type=loss_type)).tolist() == [expected] * 5


def test_near_the_reference_exponential_and_savage_pull_as_f_says():
    """Slopes of f at zero: -1, -2 and -1/4, times beta."""

    def slope(loss_type):
        def at(margin):
            return loss(Scores(one_token(margin, 0.0), one_token(0.0, 0.0)), Hyper(loss_type=loss_type)).sum()

        return gradient(at, torch.tensor(0.0, dtype=torch.float64)).item()

    assert [slope(name) for name in TYPES] == pytest.approx([-0.1, -0.2, -0.025], rel=1e-12)


def test_the_exponent_is_held_so_that_no_loss_is_infinite():
    wrong = Scores(one_token(-1e6, 0.0, dtype=torch.float32), one_token(0.0, 0.0, dtype=torch.float32))
    assert loss(wrong, Hyper()).isfinite().all()
