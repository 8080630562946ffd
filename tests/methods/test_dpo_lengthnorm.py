"""Length-normalised DPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.dpo_lengthnorm import Hyper, loss, reward

from .toys import tokens

SCORES = Scores(tokens([-1.0, -2.0, -3.0], [-7.0]), tokens([-2.0, -4.0, -3.0], [-4.0]))
"""Log-ratios 3 over 3 tokens and -3 over 1: 1 and -3 nats per token."""


def test_by_hand():
    """0.5 * (1 + 3) = 2."""
    assert loss(SCORES, Hyper(beta=0.5)).item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-12)
    assert reward(SCORES, Hyper(beta=0.5)).tolist() == [[0.5, -1.5]]


def test_on_equal_lengths_it_is_dpo_with_beta_over_n():
    dpo, scores = methods.get("dpo"), Scores(tokens([-1.0, -2.0], [-3.0, -1.0]), tokens([-2.0, -2.0], [-1.0, -1.0]))
    torch.testing.assert_close(loss(scores, Hyper(beta=0.6)), dpo.loss(scores, dpo.hyper(beta=0.3)))


def test_a_response_said_twice_is_worth_what_it_is_worth_once():
    once = Scores(tokens([-1.0, -2.0], [-0.5]), tokens([-2.0, -2.5], [-0.7]))
    twice = Scores(tokens([-1.0, -2.0] * 2, [-0.5] * 2), tokens([-2.0, -2.5] * 2, [-0.7] * 2))
    torch.testing.assert_close(loss(twice, Hyper()), loss(once, Hyper()))
