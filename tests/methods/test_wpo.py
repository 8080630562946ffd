"""WPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.wpo import Hyper, loss, weight

from .toys import random_logps, tokens

POLICY, REFERENCE = random_logps(1), random_logps(2)


def test_by_hand():
    """Log-probabilities 1 and 3 below the collision, mean -2, and one token 1 below: weight e^-3 of log 2."""
    policy, collision = tokens([-2.0, -4.0], [-1.5]), tokens([-1.0, -1.0], [-0.5])
    scores = Scores(policy, policy, _distribution=collision.token)
    assert weight(scores, Hyper()).item() == pytest.approx(math.exp(-3), rel=1e-12)
    assert loss(scores, Hyper()).item() == pytest.approx(math.exp(-3) * math.log(2), rel=1e-12)


def test_tokens_as_likely_as_two_draws_agree_make_it_dpo():
    """Log pi = log sum pi^2 at every token, as for a uniform distribution: weight 1."""
    dpo = methods.get("dpo")
    found = loss(Scores(POLICY, REFERENCE, _distribution=POLICY.token), Hyper())
    torch.testing.assert_close(found, dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper()))


def test_the_weight_has_no_gradient():
    scores = Scores(POLICY, REFERENCE, _distribution=POLICY.token.clone().requires_grad_())
    assert not weight(scores, Hyper()).requires_grad


def test_a_clamped_pair_weighs_one_at_most():
    policy = tokens([-0.5], [-0.5])
    scores = Scores(policy, policy, _distribution=tokens([-1.0], [-1.0]).token)
    assert weight(scores, Hyper()).item() == pytest.approx(math.e, rel=1e-12)
    assert weight(scores, Hyper(clamp_weight=True)).item() == 1.0
