"""ASFT."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.asft import Hyper, loss, reward

from .toys import of_step, random_logps, tokens

SCORES = Scores(tokens([-1.0, -2.0, -3.0], [-3.0, -4.0]))
"""Mean log-probabilities -2 and -3.5."""


def test_by_hand():
    """-(1 + 3) * -2 - 3 log(1 - exp(-3.5))."""
    found = loss(SCORES, Hyper(weight=3.0))
    assert found["nll"].values.item() == 2.0
    assert found["odds"].values.item() == pytest.approx(3 * (2 - math.log(1 - math.exp(-3.5))), rel=1e-12)


def test_the_tempered_form_by_hand():
    """No likelihood; log-odds o = m - log(1 - exp(m)) times beta 0.5."""
    chosen, rejected = (0.5 * (m - math.log(1 - math.exp(m))) for m in (-2.0, -3.5))
    found = loss(SCORES, Hyper(sft_weight=0.0, beta=0.5))
    assert found["nll"].values.item() == 0.0
    expected = math.log(1 + math.exp(-chosen)) + math.log(1 + math.exp(rejected))
    assert found["odds"].values.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_orpo_differs_by_the_identity_that_was_proved(seed):
    """ORPO with mean likelihood = ASFT + weight * log(p_w (1 - p_l) + p_l (1 - p_w)), and is never larger."""
    policy, weight = random_logps(seed), 0.7
    mean = policy.mean()
    chosen, rejected = mean[:, 0], mean[:, 1]
    p, q = chosen.exp(), rejected.exp()
    orpo = -chosen - weight * torch.nn.functional.logsigmoid(chosen - (1 - p).log() - rejected + (1 - q).log())
    asft = sum(term.values for term in loss(Scores(policy), Hyper(weight=weight)).values())
    torch.testing.assert_close(orpo, asft + weight * (p * (1 - q) + q * (1 - p)).log())
    assert (orpo <= asft).all()


def test_without_the_odds_it_is_the_mean_likelihood():
    policy = random_logps(1)
    found = loss(Scores(policy), Hyper(weight=0.0))
    torch.testing.assert_close(of_step(found, policy), -policy.mean()[:, 0].mean())


def test_the_two_responses_are_pointwise():
    """A change of the rejected response moves the loss by the same amount whatever the chosen one is."""
    lower, higher = (
        [
            of_step(loss(Scores(tokens([chosen], [rejected])), Hyper()), tokens([chosen], [rejected]))
            for rejected in (-1, -2)
        ]
        for chosen in (-3, -0.5)
    )
    assert lower[0] - lower[1] == pytest.approx((higher[0] - higher[1]).item(), rel=1e-12)


def test_the_reward_is_the_log_odds():
    """A mean of log 1/2 has odds of one."""
    scores = Scores(tokens([math.log(0.5)], [math.log(0.8)]))
    torch.testing.assert_close(reward(scores, Hyper()), torch.tensor([[0.0, math.log(4)]], dtype=torch.float64))
