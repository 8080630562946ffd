"""The hinge of RSO."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.rso_hinge import Hyper, loss

from .toys import gradient, one_token, random_logps

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def test_by_hand():
    """1 - 0.1 * 9 = 0.1."""
    assert loss(SCORES, Hyper(beta=0.1)).item() == pytest.approx(0.1, rel=1e-12)


def test_a_margin_beyond_one_costs_nothing_and_pulls_nothing():
    assert loss(SCORES, Hyper(beta=0.2)).item() == 0.0

    def at(chosen):
        return loss(Scores(one_token(chosen, -25.0), SCORES.reference), Hyper(beta=0.2)).sum()

    assert gradient(at, torch.tensor(-10.0)).item() == 0.0


def test_a_policy_equal_to_its_reference_costs_one():
    policy = random_logps(1)
    assert loss(Scores(policy, policy), Hyper()).tolist() == [1.0] * 5


def test_the_default_is_the_paper_s_gamma():
    """1 - 0.05 * 9."""
    assert loss(SCORES, Hyper()).item() == pytest.approx(0.55, rel=1e-12)
