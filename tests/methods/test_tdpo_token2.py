"""Token-level DPO, second form."""

from __future__ import annotations

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.tdpo_token2 import Hyper, loss

from .toys import random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def diverging(values=None):
    values = torch.rand(POLICY.token.shape, dtype=torch.float64) if values is None else values
    return Scores(POLICY, REFERENCE, _distribution=values)


def test_without_weight_it_is_dpo():
    dpo = methods.get("dpo")
    torch.testing.assert_close(loss(diverging(), Hyper(alpha=0.0)), dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper()))


def test_at_weight_one_it_has_the_value_of_the_first_form():
    first, scores = methods.get("tdpo_token1"), diverging()
    torch.testing.assert_close(loss(scores, Hyper(alpha=1.0)), first.loss(scores, first.hyper()))


def test_the_chosen_divergence_has_no_gradient_and_the_rejected_one_is_pulled_down():
    values = torch.rand(POLICY.token.shape, dtype=torch.float64).requires_grad_()
    (slope,) = torch.autograd.grad(loss(diverging(values), Hyper()).sum(), values)
    assert slope[:, 0].abs().max() == 0 and (slope[:, 1] > 0).all()


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="alpha: expected a finite number of at least 0, got -0.5"):
        Hyper(alpha=-0.5)
