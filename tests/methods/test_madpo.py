"""MADPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.madpo import Hyper, loss, weight

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def rewarded(policy, reference, *margins):
    return Scores(policy, reference, torch.tensor([[margin, 0.0] for margin in margins], dtype=torch.float64))


def weights(*margins, **hyper):
    return weight(torch.tensor(margins, dtype=torch.float64), Hyper(**hyper)).tolist()


def test_the_weights_are_the_independent_ones():
    """Calculated independently for the authors' defaults."""
    expected = [1.09760325536, 1.0, 0.932075146968, 0.756902894078, 1.0]
    assert weights(0.5, 2.0, 4.0, -1.0, -3.0) == pytest.approx(expected, rel=1e-10)


def test_by_hand():
    """A reward margin of 0 has weight sigmoid(0) / sigmoid(0) = 1; one of tau too."""
    scores = rewarded(one_token(20.0, 0.0), one_token(0.0, 0.0), 0.0)
    assert loss(scores, Hyper()).item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-12)
    assert weights(2.0) == pytest.approx([1.0], rel=1e-12)


def test_at_c_max_one_it_is_dpo():
    dpo = methods.get("dpo")
    found = loss(rewarded(POLICY, REFERENCE, -3.0, -0.5, 0.0, 1.0, 50.0), Hyper(c_max=1.0))
    torch.testing.assert_close(found, dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper()))


def test_c_stays_between_its_bounds():
    """W = sigmoid(c d) / sigmoid(d): far beyond tau c is c_min, and at a margin of 0.01 it is below c_max."""
    (far,) = weights(30.0, c_min=0.1)
    assert far == pytest.approx(1 / (1 + math.exp(-3)), rel=1e-6)
    (near,) = weights(0.01, c_max=4.0, steepness=50.0)
    assert near == pytest.approx((1 + math.exp(-0.01)) / (1 + math.exp(-0.04)), rel=1e-6)


def test_an_enormous_reward_margin_has_a_finite_weight_and_gradient():
    def of(token):
        return loss(rewarded(Logps(token, POLICY.response), REFERENCE, -1e4, 1e4, 1e6, -1e6, 0.0), Hyper()).sum()

    assert gradient(of, POLICY.token).isfinite().all()


def test_the_weight_does_not_depend_on_the_policy():
    """The slope is the weight times that of DPO."""
    dpo = methods.get("dpo")
    margins = [0.5, 1.0, -1.0, 4.0, 9.0]

    def slope(of):
        return gradient(lambda token: of(Logps(token, POLICY.response)).sum(), POLICY.token)

    found = slope(lambda policy: loss(rewarded(policy, REFERENCE, *margins), Hyper()))
    plain = slope(lambda policy: dpo.loss(Scores(policy, REFERENCE), dpo.hyper()))
    torch.testing.assert_close(found, plain * torch.tensor(weights(*margins), dtype=torch.float64)[:, None, None])


@pytest.mark.parametrize(("name", "wrong"), [("c_max", 0.9), ("c_min", 1.0), ("steepness", 0.0)])
def test_bounds_that_cross_one_are_refused(name, wrong):
    with pytest.raises(ValueError, match=f"{name}: expected .*, got {wrong}"):
        Hyper(**{name: wrong})
