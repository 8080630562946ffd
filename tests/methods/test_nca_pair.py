"""NCA for pairs."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.nca_pair import Hyper, loss

from .toys import gradient, one_token, random_logps

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def test_by_hand():
    """Beta 0.25: rewards 1 and -1.25."""
    expected = math.log(1 + math.exp(-1)) + (math.log(1 + math.e) + math.log(1 + math.exp(-1.25))) / 2
    assert loss(SCORES, Hyper(beta=0.25)).item() == pytest.approx(expected, rel=1e-12)


def test_a_policy_equal_to_its_reference_costs_two_log_two():
    policy = random_logps(1)
    assert loss(Scores(policy, policy), Hyper()).tolist() == pytest.approx([2 * math.log(2)] * 5, rel=1e-12)


def test_the_chosen_response_rests_where_its_reward_is_log_two():
    """-log s(r) - log s(-r) / 2 is least at s(r) = 2/3, whatever the rejected response."""
    best = torch.tensor(math.log(2) / 0.1, dtype=torch.float64)
    for rejected in (-30.0, 0.0):

        def at(chosen, rejected=rejected):
            return loss(Scores(one_token(chosen, rejected), one_token(0.0, 0.0)), Hyper(beta=0.1)).sum()

        assert gradient(at, best).item() == pytest.approx(0, abs=1e-12)
