"""Dr. DPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.contract.scores import taken
from benchbench.core.scores import Scores
from benchbench.methods.dr_dpo import METHOD, Hyper, loss

from .test_aot_unpaired import of_ratios
from .toys import random_logps

SCORES = Scores(random_logps(1), random_logps(2))


def of_dpo(scores=SCORES, beta=0.1):
    dpo = methods.get("dpo")
    return dpo.loss(scores, dpo.hyper(beta=beta))


def test_by_hand():
    """At beta' = 1 it is -log of the mean likelihood of the labels: sigmoid(1) and sigmoid(-1) have mean 1/2."""
    found = loss(of_ratios((1.0, 0.0), (-1.0, 0.0)), Hyper(beta=1.0))
    assert found.tolist() == pytest.approx([math.log(2)] * 2, rel=1e-12)


def test_every_pair_has_the_steps_value():
    assert len(set(loss(SCORES, Hyper()).tolist())) == 1


def test_a_high_temperature_is_the_mean_of_dpo():
    assert loss(SCORES, Hyper(beta_prime=1e8))[0].item() == pytest.approx(of_dpo().mean().item(), rel=1e-6)


def test_a_low_temperature_is_the_pair_that_costs_least():
    assert loss(SCORES, Hyper(beta_prime=1e-6))[0].item() == pytest.approx(of_dpo().min().item(), rel=1e-4)


@pytest.mark.parametrize("temperature", [0.1, 1.0, 10.0])
def test_a_step_of_one_pair_is_dpo_and_refused(temperature):
    alone = taken(SCORES, slice(0, 1))
    torch.testing.assert_close(loss(alone, Hyper(beta_prime=temperature)), of_dpo(alone))
    assert METHOD.coupled and METHOD.least_examples == 2


def test_a_pair_ranked_wrongly_by_far_hardly_counts():
    """Slopes are DPO's times the softmax of the likelihoods over beta'."""
    token = torch.tensor([[[2.0], [0.0]], [[-50.0], [0.0]]], dtype=torch.float64).requires_grad_()
    plain = of_ratios((2.0, 0.0), (-50.0, 0.0))
    scores = Scores(type(plain.policy)(token, plain.policy.response), plain.reference)
    (slope,) = torch.autograd.grad(loss(scores, Hyper(beta=1.0, beta_prime=0.5)).mean(), token)
    assert slope[1].abs().max() < 1e-30 < slope[0].abs().max()
