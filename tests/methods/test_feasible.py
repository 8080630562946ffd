"""Feasible learning with DPO's loss."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.feasible import METHOD, Hyper, advance, beyond, loss, start

from .toys import random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def multiplied(*multipliers, policy=POLICY, reference=REFERENCE):
    carried = {"multiplier": torch.tensor(multipliers, dtype=torch.float64)}
    return Scores(policy, reference, _carried=carried)


def test_by_hand():
    """At the reference the loss is log 2, 0.193 above the bound; multipliers 0 and 2."""
    scores = multiplied(0.0, 2.0, 1.0, 1.0, 1.0, policy=REFERENCE)
    excess = math.log(2) - 0.5
    assert loss(scores, Hyper()).tolist() == pytest.approx([0.0, 2 * excess, *[excess] * 3], rel=1e-12)
    assert advance(scores, Hyper(rate=10.0))["multiplier"].tolist() == pytest.approx(
        [10 * excess, 2 + 10 * excess, *[1 + 10 * excess] * 3], rel=1e-12
    )


def test_a_bound_of_zero_and_multipliers_of_one_are_dpo():
    dpo = methods.get("dpo")
    found = loss(multiplied(*[1.0] * 5), Hyper(bound=0.0))
    torch.testing.assert_close(found, dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper()))


def test_the_slope_is_dpos_times_the_multiplier_whatever_the_bound():
    token = POLICY.token.clone().requires_grad_()
    policy = type(POLICY)(token, POLICY.response)
    slopes = [
        torch.autograd.grad(loss(multiplied(*[3.0] * 5, policy=policy), Hyper(bound=bound)).sum(), token)[0]
        for bound in (0.0, 2.0)
    ]
    dpo = methods.get("dpo")
    (expected,) = torch.autograd.grad(dpo.loss(Scores(policy, REFERENCE), dpo.hyper()).sum(), token)
    torch.testing.assert_close(slopes[0], 3 * expected)
    torch.testing.assert_close(slopes[1], 3 * expected)


def test_a_multiplier_falls_to_zero_where_the_bound_holds_and_no_further():
    scores = multiplied(*[0.5] * 5)
    assert (beyond(scores, Hyper(bound=100.0)) < 0).all()
    assert advance(scores, Hyper(bound=100.0, rate=1.0))["multiplier"].tolist() == [0.0] * 5


def test_a_multiplier_is_of_its_example_and_rises_after_the_step():
    carried = METHOD.carried
    assert carried is not None and carried.when == "after_step" and carried.per_example == {"multiplier"}
    assert start(Hyper(first_multiplier=0.3)) == {"multiplier": 0.3}
