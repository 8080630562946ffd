"""H-DPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.h_dpo import Hyper, loss, reward

from .toys import one_token, random_logps

RANDOM = Scores(random_logps(1), random_logps(2))

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def test_by_hand():
    """0.1 * (2 * 15 - 6) = 2.4."""
    found = loss(SCORES, Hyper(beta=0.1, alpha=2.0)).item()
    assert found == pytest.approx(math.log(1 + math.exp(-2.4)), rel=1e-12)
    assert reward(SCORES, Hyper(beta=0.1, alpha=2.0))[0].tolist() == pytest.approx([-0.6, -3.0], rel=1e-12)


def test_at_alpha_one_it_is_dpo():
    dpo = methods.get("dpo")
    torch.testing.assert_close(loss(RANDOM, Hyper(beta=0.3, alpha=1.0)), dpo.loss(RANDOM, dpo.hyper(beta=0.3)))


def test_alpha_scales_the_policy_alone():
    """DPO with beta alpha, and a reference whose log-probabilities are over alpha."""
    dpo, policy, reference = methods.get("dpo"), random_logps(1), random_logps(2)
    scaled = Scores(policy, Logps(reference.token / 0.8, reference.response))
    found = loss(Scores(policy, reference), Hyper(beta=0.5, alpha=0.8))
    torch.testing.assert_close(found, dpo.loss(scaled, dpo.hyper(beta=0.4)))
