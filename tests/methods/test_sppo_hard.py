"""SPPO with hard labels."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.scores import Logps, Scores
from benchbench.methods.sppo_hard import Hyper, loss

from .toys import one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def test_by_hand():
    """Targets 5 and -5 at beta 0.1: (4 - 5)^2 + (1 + 5)^2."""
    found = loss(Scores(one_token(4.0, 1.0), one_token(0.0, 0.0)), Hyper(beta=0.1))
    assert found.item() == pytest.approx(37.0, rel=1e-12)


def test_at_the_reference_it_is_one_over_twice_beta_squared():
    found = loss(Scores(REFERENCE, REFERENCE), Hyper(beta=0.01))
    torch.testing.assert_close(found, torch.full((5,), 1 / (2 * 0.01**2), dtype=torch.float64))


def test_at_its_targets_it_costs_nothing_and_beyond_them_it_does():
    found = [loss(Scores(one_token(x, -5.0), one_token(0.0, 0.0)), Hyper(beta=0.1)).item() for x in (4.0, 5.0, 6.0)]
    assert found == pytest.approx([1.0, 0.0, 1.0])


def test_each_response_has_its_own_target():
    """Unlike a loss of the margin, a shift of both log-ratios changes it."""
    shifted = Logps(POLICY.token - POLICY.response * 1.0, POLICY.response)
    assert (loss(Scores(shifted, REFERENCE), Hyper()) - loss(Scores(POLICY, REFERENCE), Hyper())).abs().min() > 0.1
