"""DPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Logps, Scores
from benchbench.methods.dpo import Hyper, loss, reward

from .toys import gradient, one_token, random_logps, tokens

SCORES = Scores(one_token(-10.0, -30.0), one_token(-10.0, -20.0))
"""Margins: policy -10 - -30 = 20, reference -10 - -20 = 10."""


def test_by_hand():
    """0.1 * (20 - 10) = 1, and -log sigmoid(1) = log(1 + 1/e)."""
    assert loss(SCORES, Hyper(beta=0.1)).item() == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-12)


def test_the_reward_is_relative_to_the_reference():
    """Chosen: -10 - -10 = 0; rejected: -30 - -20 = -10, times 0.1."""
    assert reward(SCORES, Hyper(beta=0.1)).tolist() == [[0.0, -1.0]]


def test_log_probabilities_are_summed_not_averaged():
    """Chosen of two tokens, log-ratio 1 + 1; rejected of one, 0: the margin is 2, not 1."""
    scores = Scores(tokens([-1.0, -1.0], [-1.0]), tokens([-2.0, -2.0], [-1.0]))
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-12)


def test_at_the_reference_the_loss_is_log_2_and_the_slope_half_of_beta():
    """d/d lp_w of -log sigmoid(beta h) is -beta sigmoid(-beta h), at h = 0 half of beta."""
    policy = random_logps(3)
    scores = Scores(policy, policy)
    torch.testing.assert_close(loss(scores, Hyper()), torch.full((5,), math.log(2), dtype=torch.float64))
    slope = gradient(lambda token: loss(Scores(Logps(token, policy.response), policy), Hyper()).sum(), policy.token)
    torch.testing.assert_close(slope[:, 0, 0], torch.full((5,), -0.05, dtype=torch.float64))


def test_an_enormous_margin_costs_nothing_or_its_own_size():
    """-log sigmoid(1000) is 0 and -log sigmoid(-1000) is 1000; neither overflows."""
    for chosen, rejected, expected in ((0.0, -1000.0, 0.0), (-1000.0, 0.0, 1000.0)):
        scores = Scores(one_token(chosen, rejected), one_token(0.0, 0.0))
        assert loss(scores, Hyper(beta=1.0)).item() == expected
