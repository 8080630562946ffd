"""OFS-DPO."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.ofs_dpo import Hyper, advance, loss, start

from .toys import random_logps, tokens


def carrying(**values):
    """The numbers before the first step, some of them changed."""
    numbers = {**start(Hyper()), **values}
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in numbers.items()}


def of_ratios(policy, rival, *, policy_is_fast=1.0, **values):
    """One pair of one token each with these log-ratios of both copies to the reference."""
    ours, theirs = (tokens(*([value] for value in each)) for each in (policy, rival))
    still = Logps(torch.zeros_like(ours.token), ours.response)
    return Scores(ours, still, _rival=theirs.token, _carried=carrying(policy_is_fast=policy_is_fast, **values))


def softplus(value):
    """-log sigmoid(-value)."""
    return math.log1p(math.exp(value))


def slopes(scores, hyper):
    """Gradient of the step's loss in the chosen response of the policy and of its rival."""
    policy, rival = (value.clone().requires_grad_() for value in (scores.policy.token, scores.rival))
    scores = replace(scores, policy=Logps(policy, scores.policy.response), _rival=rival)
    total = torch.stack([term.values.sum() for term in loss(scores, hyper).values()]).sum()
    return [slope[0, 0, 0].item() for slope in torch.autograd.grad(total, (policy, rival))]


def test_by_hand():
    """Margins 2 and -1: DPO's loss of each, and half of that of their difference of 3 with either sign."""
    found = loss(of_ratios((3.0, 1.0), (0.0, 1.0)), Hyper(beta=1.0, alpha=0.5))
    values = {name: term.values.item() for name, term in found.items()}
    expected = {"fast": softplus(-2), "slow": softplus(1), "ahead": softplus(-3) / 2, "behind": -softplus(-3) / 2}
    assert values == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("policy_is_fast", [1.0, 0.0])
def test_each_gradient_is_that_of_its_own_loss_with_the_other_held(policy_is_fast):
    """d/dh of -log sigmoid(h) is -sigmoid(-h).

    Fast, margin 2 against -1: -s(-2) - s(-3) / 2. Slow: its -FS / 2 has the slope -s(-(h(F) - h(S))) / 2.
    """

    def s(value):
        return 1 / (1 + math.exp(-value))

    found = slopes(of_ratios((3.0, 1.0), (0.0, 1.0), policy_is_fast=policy_is_fast), Hyper(beta=1.0, alpha=0.5))
    ahead = 3.0 if policy_is_fast else -3.0  # of the fast one
    assert found == pytest.approx([-s(-2.0) - s(-ahead) / 2, -s(1.0) - s(-ahead) / 2], rel=1e-12)


def test_without_alpha_each_is_dpo():
    dpo = methods.get("dpo")
    policy, reference, rival = random_logps(1), random_logps(2), random_logps(3)
    scores = Scores(policy, reference, _rival=rival.token, _carried=carrying())
    found = loss(scores, Hyper(alpha=0.0))
    for name, copy in (("fast", policy), ("slow", rival)):
        torch.testing.assert_close(found[name].values, dpo.loss(Scores(copy, reference), dpo.hyper(beta=0.1)))


def test_the_lower_mean_loss_of_an_interval_takes_the_fast_role():
    """Of three steps: one does not decide, the third does by the sum of all, and then everything starts over."""
    hyper = Hyper(beta=1.0, switch_steps=3)
    worse, better = of_ratios((0.0, 0.0), (1.0, 0.0)), of_ratios((1.0, 0.0), (0.0, 0.0))
    first = advance(worse, hyper)
    assert first["policy_is_fast"] == 1 and first["steps"] == 1
    assert first["policy_loss"].item() == pytest.approx(math.log(2), rel=1e-12)
    assert first["rival_loss"].item() == pytest.approx(softplus(-1), rel=1e-12)
    second = advance(replace(worse, _carried=first), hyper)
    third = advance(replace(better, _carried=second), hyper)
    assert {name: value.item() for name, value in third.items()} == {**start(hyper), "policy_is_fast": 0.0}
    assert advance(replace(better, _carried={**third, "steps": second["steps"]}), hyper)["policy_is_fast"] == 1
