"""Token-level DPO, first form."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.tdpo_token1 import Hyper, loss, reward

from .toys import random_logps, tokens

POLICY, REFERENCE = random_logps(1), random_logps(2)


def test_by_hand():
    """Log-ratios 2 and 1, divergences 0.75 and 0.25: a margin of 1.5."""
    scores = Scores(
        tokens([-1.0, -1.0], [-1.0]), tokens([-2.0, -2.0], [-2.0]), _distribution=tokens([0.5, 0.25], [0.25]).token
    )
    assert reward(scores, Hyper(beta=1.0)).tolist() == [[2.75, 1.25]]
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(math.log(1 + math.exp(-1.5)), rel=1e-12)


def test_without_divergence_it_is_dpo():
    dpo = methods.get("dpo")
    found = loss(Scores(POLICY, REFERENCE, _distribution=torch.zeros_like(POLICY.token)), Hyper())
    torch.testing.assert_close(found, dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper()))


def test_both_divergences_have_a_gradient():
    values = torch.rand(POLICY.token.shape, dtype=torch.float64).requires_grad_()
    (slope,) = torch.autograd.grad(loss(Scores(POLICY, REFERENCE, _distribution=values), Hyper()).sum(), values)
    assert (slope[:, 0] < 0).all() and (slope[:, 1] > 0).all()
