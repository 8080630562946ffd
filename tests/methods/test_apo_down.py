"""APO-down."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.apo_down import Hyper, loss

from .toys import gradient, one_token, random_logps

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def test_by_hand():
    """Beta 0.25: a chosen reward of 1 and a margin of 2.25."""
    expected = 1 / (1 + math.exp(-1)) + 1 - 1 / (1 + math.exp(-2.25))
    assert loss(SCORES, Hyper(beta=0.25)).item() == pytest.approx(expected, rel=1e-12)


def test_a_policy_equal_to_its_reference_costs_one():
    policy = random_logps(1)
    assert loss(Scores(policy, policy), Hyper()).tolist() == [1.0] * 5


def test_at_the_reference_only_the_rejected_response_is_pushed_down():
    """The chosen one is pushed down by its own term and up by the margin, by the same amount."""

    def at(pair):
        return loss(Scores(one_token(pair[0], pair[1]), one_token(0.0, 0.0)), Hyper(beta=0.2)).sum()

    assert gradient(at, torch.zeros(2, dtype=torch.float64)).tolist() == pytest.approx([0.0, 0.05], abs=1e-12)


def test_where_the_rejected_response_has_fallen_the_chosen_one_is_pushed_down():
    def at(chosen):
        return loss(Scores(one_token(chosen, -10.0), one_token(0.0, 0.0)), Hyper(beta=0.2)).sum()

    assert gradient(at, torch.tensor(0.0, dtype=torch.float64)).item() > 0.02
