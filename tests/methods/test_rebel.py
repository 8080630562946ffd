"""REBEL."""

from __future__ import annotations

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.rebel import Hyper, loss, reward

from .toys import one_token, random_logps


def rewarded(chosen, rejected, policy=None, reference=None):
    """A pair with log-ratios 4 and -5 nats and these rewards."""
    rewards = torch.tensor([[chosen, rejected]], dtype=torch.float64)
    return Scores(policy or one_token(-10.0, -25.0), reference or one_token(-14.0, -20.0), rewards)


def test_by_hand():
    """9 - 2 * (3 - 0.5) = 4, squared."""
    assert loss(rewarded(3.0, 0.5), Hyper(eta=2.0)).item() == pytest.approx(16, rel=1e-12)
    assert reward(rewarded(3.0, 0.5), Hyper(eta=2.0)).tolist() == [[2.0, -2.5]]


def test_at_a_reward_margin_of_one_over_two_beta_it_is_ipo_on_sums():
    ipo, logps = methods.get("ipo"), (random_logps(1), random_logps(2))
    rewards = torch.tensor([[5.0, 0.0]], dtype=torch.float64).expand(5, 2)
    expected = ipo.loss(Scores(*logps), ipo.hyper(beta=0.1, reduction="sum"))
    torch.testing.assert_close(loss(Scores(*logps, rewards), Hyper()), expected)


def test_it_is_eta_squared_times_the_papers_square():
    eta, scores = 3.0, rewarded(3.0, 0.5)
    chosen, rejected = reward(scores, Hyper(eta=eta))[0].tolist()
    assert loss(scores, Hyper(eta=eta)).item() == pytest.approx(eta**2 * (chosen - rejected - 2.5) ** 2, rel=1e-12)


def test_only_the_difference_of_the_rewards_matters():
    torch.testing.assert_close(loss(rewarded(103.0, 100.5), Hyper()), loss(rewarded(3.0, 0.5), Hyper()))
