"""BetaDPO without its filter."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.beta_dpo import LEAST_BETA, Hyper, advance, beta_of_step, loss, margins

from .toys import one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def carrying(policy, reference, mean=0.0):
    return Scores(policy, reference, _carried={"gap_mean": torch.tensor(mean, dtype=torch.float64)})


def test_by_hand():
    """A margin of 2, 1 above the running mean: beta 0.1 * 1.5, so 0.3 in the sigmoid."""
    scores = carrying(one_token(2.0, 0.0), one_token(0.0, 0.0), 1.0)
    assert beta_of_step(scores, Hyper(scaling=0.5)).item() == pytest.approx(0.15, rel=1e-12)
    assert loss(scores, Hyper(scaling=0.5)).item() == pytest.approx(math.log(1 + math.exp(-0.3)), rel=1e-12)


def test_without_scaling_it_is_dpo():
    dpo = methods.get("dpo")
    found = loss(carrying(POLICY, REFERENCE, 5.0), Hyper(scaling=0.0))
    torch.testing.assert_close(found, dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper()))


def test_beta_never_falls_below_its_least():
    assert beta_of_step(carrying(POLICY, REFERENCE, 1e6), Hyper()).item() == LEAST_BETA


def test_beta_is_one_number_of_the_step_without_gradient():
    token = POLICY.token.clone().requires_grad_()
    beta = beta_of_step(carrying(replace(POLICY, token=token), REFERENCE), Hyper())
    assert beta.shape == () and not beta.requires_grad


def test_the_running_mean_takes_a_tenth_of_the_step_in():
    scores = carrying(POLICY, REFERENCE, 1.0)
    expected = 0.9 + 0.1 * margins(scores).mean().item()
    assert advance(scores, Hyper())["gap_mean"].item() == pytest.approx(expected, rel=1e-12)
