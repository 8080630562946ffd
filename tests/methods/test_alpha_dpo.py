"""AlphaDPO."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.alpha_dpo import METHOD, Hyper, advance, gap, loss

from .toys import random_logps, tokens

POLICY, REFERENCE = random_logps(1), random_logps(2)


def carrying(policy, reference, mean, deviation):
    numbers = {"gap_mean": mean, "gap_std": deviation}
    carried = {name: torch.tensor(value, dtype=torch.float64) for name, value in numbers.items()}
    return Scores(policy, reference, _carried=carried)


def test_by_hand():
    """Means -1 and -2, a margin of 1; the reference's is 0, so g = 1, half a deviation of 2 above its mean of 0."""
    scores = carrying(tokens([-1.0, -1.0], [-2.0]), tokens([-3.0, -3.0], [-3.0]), 0.0, 2.0)
    assert gap(scores).tolist() == [1.0]
    margin = 1 - 0.5 - 0.2 * 0.5
    assert loss(scores, Hyper(beta=1.0, margin=0.5, alpha=0.2)).item() == pytest.approx(math.log(1 + math.exp(-margin)))


def test_without_alpha_it_is_simpo():
    simpo = methods.get("simpo")
    found = loss(carrying(POLICY, REFERENCE, 0.3, 0.7), Hyper(beta=2.0, margin=0.4, alpha=0.0))
    torch.testing.assert_close(found, simpo.loss(Scores(POLICY), simpo.hyper(beta=2.0, margin=0.4)))


def test_the_running_numbers_take_a_tenth_of_the_step_in():
    scores = carrying(POLICY, REFERENCE, 1.0, 2.0)
    gaps = gap(scores)
    after = {name: value.item() for name, value in advance(scores, Hyper()).items()}
    expected = {"gap_mean": 0.9 + 0.1 * gaps.mean().item(), "gap_std": 1.8 + 0.1 * gaps.std().item()}
    assert after == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("rounding", [0.0, 1e-7])
def test_a_first_step_at_the_reference_has_the_fixed_margin_alone(rounding):
    """All gaps are 0 but for rounding, and their deviation too, where the released code divides by it."""
    near = replace(POLICY, token=POLICY.token * (1 + rounding))
    scores = carrying(POLICY, near, 0.0, 0.0)
    scores = replace(scores, _carried=advance(scores, Hyper()))
    simpo = methods.get("simpo")
    expected = simpo.loss(Scores(POLICY), simpo.hyper(beta=2.5, margin=0.6))
    torch.testing.assert_close(loss(scores, Hyper()), expected)


def test_the_target_has_no_gradient():
    token = POLICY.token.clone().requires_grad_()
    scores = carrying(replace(POLICY, token=token), REFERENCE, 0.0, 0.01)
    (slope,) = torch.autograd.grad(loss(scores, Hyper()).sum(), token)
    assert (slope[:, 0][POLICY.response[:, 0]] < 0).all(), "a deviation far below alpha turns the value, not the slope"


def test_one_example_has_no_deviation():
    assert METHOD.least_examples == 2
