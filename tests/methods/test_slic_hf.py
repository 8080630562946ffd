"""SLiC-HF."""

from __future__ import annotations

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.slic_hf import Hyper, loss

from .toys import random_logps, tokens

SCORES = Scores(tokens([-1.0, -2.0], [-4.0]))
"""Sums -3 and -4: a margin of 1 nat."""


def test_by_hand():
    """2.5 - 1 and a tenth of 3 nats."""
    assert loss(SCORES, Hyper(delta=2.5)).item() == pytest.approx(1.8, rel=1e-12)


def test_beyond_delta_only_the_likelihood_is_left():
    assert loss(SCORES, Hyper(delta=0.5)).item() == pytest.approx(0.3, rel=1e-12)
    assert loss(SCORES, Hyper(delta=0.5, sft_weight=0.0)).item() == 0.0


def test_without_likelihood_and_with_a_uniform_reference_it_is_rsos_hinge():
    """Delta 1 is a beta of 1; another delta is a beta of 1 / delta, scaled by delta."""
    policy, rso = random_logps(1), methods.get("rso_hinge")
    uniform = Logps(torch.zeros_like(policy.token), policy.response)
    expected = 4 * rso.loss(Scores(policy, uniform), rso.hyper(beta=0.25))
    torch.testing.assert_close(loss(Scores(policy), Hyper(delta=4.0, sft_weight=0.0)), expected)
