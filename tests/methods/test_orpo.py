"""ORPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.method import Over
from benchbench.core.scores import Scores
from benchbench.methods.orpo import Hyper, loss, reward

from .toys import gradient, one_token, random_logps, tokens

SCORES = Scores(tokens([math.log(0.5), math.log(0.5)], [math.log(0.2)]))
"""Length-normalised likelihoods 1/2 and 1/5: odds 1 and 1/4."""


def test_by_hand():
    """Odds ratio 4: -log sigmoid(log 4) = log(5/4), times beta; likelihood 2 log 2 nats over 2 tokens."""
    found = loss(SCORES, Hyper(beta=0.1))
    assert found["odds_ratio"].values.item() == pytest.approx(0.1 * math.log(1.25), rel=1e-12)
    assert found["nll"].over is Over.CHOSEN_TOKENS
    assert found["nll"].values.item() == pytest.approx(2 * math.log(2), rel=1e-12)


def test_the_reward_is_the_log_of_the_odds():
    expected = torch.tensor([[0.0, -math.log(4)]], dtype=torch.float64)
    torch.testing.assert_close(reward(SCORES, Hyper()), expected)


def test_without_weight_it_is_the_likelihood_alone():
    found = loss(Scores(random_logps(1)), Hyper(beta=0.0))
    assert found["odds_ratio"].values.abs().max() == 0 and found["nll"].values.min() > 0


def test_the_odds_are_exact_near_certainty():
    """At log-probability -x, odds are 1 / (e^x - 1), so the reward is close to -log x for small x."""
    found = reward(Scores(one_token(-1e-12, -1e-6)), Hyper())
    torch.testing.assert_close(found, -torch.tensor([[1e-12, 1e-6]], dtype=torch.float64).log(), rtol=1e-6, atol=0)


def test_the_slope_of_the_odds_ratio_term_by_hand():
    """sigmoid(-log 4) = 1/5; d log-odds / d mean = 1 / (1 - p): -1/5 * 2 = -0.4 and 1/5 * 5/4 = 0.25."""

    def of(mean):
        return loss(Scores(one_token(mean[0], mean[1])), Hyper(beta=1.0))["odds_ratio"].values.sum()

    slope = gradient(of, torch.tensor([0.5, 0.2], dtype=torch.float64).log())
    torch.testing.assert_close(slope, torch.tensor([-0.4, 0.25], dtype=torch.float64))
