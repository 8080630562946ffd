"""CPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.method import Over
from benchbench.core.scores import Logps, Scores
from benchbench.methods.cpo import Hyper, loss

from .toys import random_logps, tokens

SCORES = Scores(tokens([-1.0, -2.0, -3.0], [-7.0, -9.0]))
"""Sums -6 and -16: a margin of 10 nats."""


def test_by_hand():
    """Beta 0.1: -log sigmoid(1) = log(1 + 1/e), and half of 6 nats of the chosen response."""
    found = loss(SCORES, Hyper(beta=0.1, sft_weight=0.5))
    assert found["preference"].values.item() == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-12)
    assert found["sft"].values.tolist() == [3.0] and found["sft"].over is Over.CHOSEN_TOKENS


def test_the_hinge_by_hand():
    """1 - 0.05 * 10 = 0.5, and nothing beyond a margin of 1."""
    assert loss(SCORES, Hyper(beta=0.05, loss_type="hinge"))["preference"].values.tolist() == [0.5]
    assert loss(SCORES, Hyper(beta=0.2, loss_type="hinge"))["preference"].values.tolist() == [0.0]


def test_the_preference_term_is_dpo_with_a_uniform_reference():
    """A reference that gives both responses the same probability cancels."""
    policy, dpo = random_logps(1), methods.get("dpo")
    uniform = Logps(torch.zeros_like(policy.token), policy.response)
    expected = dpo.loss(Scores(policy, uniform), dpo.hyper(beta=0.3))
    torch.testing.assert_close(loss(Scores(policy), Hyper(beta=0.3))["preference"].values, expected)


def test_on_equal_lengths_the_preference_term_is_simpo_without_margin():
    """N = 3 tokens each: SimPO's beta is n times CPO's."""
    scores, simpo = Scores(tokens([-1.0, -2.0, -3.0], [-2.0, -2.5, -4.0])), methods.get("simpo")
    expected = simpo.loss(scores, simpo.hyper(beta=0.6, margin=0.0))
    torch.testing.assert_close(loss(scores, Hyper(beta=0.2))["preference"].values, expected)
