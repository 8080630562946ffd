"""MODPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.modpo import Hyper, loss

from .toys import one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def rewarded(policy, reference, *rewards):
    return Scores(policy, reference, torch.tensor(rewards, dtype=torch.float64))


SCORES = rewarded(one_token(20.0, 0.0), one_token(0.0, 0.0), [1.0, -3.0])
"""Log-ratio margin 20, margin reward of the other objective 4."""


def test_by_hand():
    """(0.1 * 20 - 0.75 * 4) / 0.25 = -4."""
    assert loss(SCORES, Hyper(weight=0.25)).item() == pytest.approx(math.log(1 + math.exp(4)), rel=1e-12)


def test_the_hinge_by_hand():
    """1 - -4."""
    assert loss(SCORES, Hyper(weight=0.25, loss_type="hinge")).item() == pytest.approx(5.0, rel=1e-12)


def test_with_all_the_weight_on_its_own_objective_it_is_dpo():
    dpo = methods.get("dpo")
    found = loss(rewarded(POLICY, REFERENCE, *[[3.0, -1.0]] * 5), Hyper(weight=1.0))
    torch.testing.assert_close(found, dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper()))


def test_a_margin_reward_that_does_not_distinguish_only_scales_beta():
    dpo = methods.get("dpo")
    found = loss(rewarded(POLICY, REFERENCE, *[[2.0, 2.0]] * 5), Hyper(weight=0.5))
    torch.testing.assert_close(found, dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper(beta=0.2)))


def test_the_optimum_trades_the_objectives():
    """At beta h = (1 - w) m the margin is zero: 0.1 * 20 = 0.5 * 4."""
    assert loss(SCORES, Hyper(weight=0.5)).item() == pytest.approx(math.log(2), rel=1e-12)


@pytest.mark.parametrize("wrong", [0.0, 1.1])
def test_a_weight_outside_its_range_is_refused(wrong):
    with pytest.raises(ValueError, match=rf"weight: expected a number in \(0, 1\], got {wrong}"):
        Hyper(weight=wrong)
