"""APO-zero."""

from __future__ import annotations

import math

import pytest

from benchbench.core.scores import Scores
from benchbench.methods.apo_zero import Hyper, loss

from .toys import one_token, random_logps

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def test_by_hand():
    """Beta 0.25: rewards 1 and -1.25."""
    expected = 1 - 1 / (1 + math.exp(-1)) + 1 / (1 + math.exp(1.25))
    assert loss(SCORES, Hyper(beta=0.25)).item() == pytest.approx(expected, rel=1e-12)


def test_a_policy_equal_to_its_reference_costs_one():
    policy = random_logps(1)
    assert loss(Scores(policy, policy), Hyper()).tolist() == [1.0] * 5


def test_the_loss_lies_between_zero_and_two():
    best, worst = ((100.0, -100.0), (-100.0, 100.0))
    found = [loss(Scores(one_token(*side), one_token(0.0, 0.0)), Hyper(beta=1.0)).item() for side in (best, worst)]
    assert found == pytest.approx([0, 2], abs=1e-12)
