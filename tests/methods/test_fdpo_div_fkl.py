"""f-DPO with the forward KL divergence."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Logps, Scores
from benchbench.methods.fdpo_div_fkl import Hyper, loss, reward

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def test_by_hand():
    """U = 2 and 1/2: rewards -0.1 / 2 and -0.1 * 2, a margin of 0.15."""
    scores = Scores(one_token(math.log(2), -math.log(2)), one_token(0.0, 0.0))
    assert loss(scores, Hyper()).item() == pytest.approx(math.log(1 + math.exp(-0.15)), rel=1e-12)
    torch.testing.assert_close(reward(scores, Hyper()), torch.tensor([[-0.05, -0.2]], dtype=torch.float64))


def test_at_the_reference_it_is_log_2_with_dpos_slope():
    """F'(1) and the slope of f' in log u at 0 are those of the reverse KL, up to a constant."""

    def of(token):
        return loss(Scores(Logps(token, REFERENCE.response), REFERENCE), Hyper()).sum()

    assert of(REFERENCE.token).item() == pytest.approx(5 * math.log(2), rel=1e-12)
    torch.testing.assert_close(gradient(of, REFERENCE.token)[:, 0, 0], torch.full((5,), -0.05 * 1, dtype=torch.float64))


def test_a_chosen_response_below_the_reference_is_pushed_up_hard():
    """Slope -beta exp(-log u) sigmoid(-margin), here at log u = -3 and 0 of the rejected one."""
    margin = 0.1 * (1 - math.exp(3))

    def of(chosen):
        return loss(Scores(one_token(chosen, 0.0), one_token(0.0, 0.0)), Hyper()).sum()

    slope = gradient(of, torch.tensor(-3.0, dtype=torch.float64))
    assert slope.item() == pytest.approx(-0.1 * math.exp(3) / (1 + math.exp(margin)), rel=1e-9)


def test_beyond_80_nats_the_exponent_is_held():
    found = [loss(Scores(one_token(below, 0.0), one_token(0.0, 0.0)), Hyper()) for below in (-80.0, -500.0)]
    assert found[0].isfinite() and found[0] == found[1]
