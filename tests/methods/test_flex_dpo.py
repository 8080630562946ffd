"""Flex-DPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.flex_dpo import METHOD, Hyper, loss, reward

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def test_by_hand():
    """Log-ratios 5 and -10: 0.1 * 5 + 0.05 * 10 = 1."""
    scores = Scores(one_token(5.0, -10.0), one_token(0.0, 0.0))
    assert loss(scores, Hyper()).item() == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-12)
    assert reward(scores, Hyper()).tolist() == [[0.5, -0.5]]


@pytest.mark.parametrize("beta", [0.1, 0.7])
def test_with_equal_coefficients_it_is_dpo(beta):
    dpo, scores = methods.get("dpo"), Scores(POLICY, REFERENCE)
    torch.testing.assert_close(
        loss(scores, Hyper(beta_plus=beta, beta_minus=beta)), dpo.loss(scores, dpo.hyper(beta=beta))
    )


def test_the_slopes_of_the_two_sides_are_as_their_coefficients():
    def of(token):
        return loss(Scores(Logps(token, POLICY.response), REFERENCE), Hyper(beta_plus=0.3, beta_minus=0.1)).sum()

    slope = gradient(of, POLICY.token)
    torch.testing.assert_close(slope[:, 0, 0], -3 * slope[:, 1, 0])


def test_without_the_rejected_side_its_slope_is_zero():
    slope = gradient(
        lambda token: loss(Scores(Logps(token, POLICY.response), REFERENCE), Hyper(beta_minus=0.0)).sum(), POLICY.token
    )
    assert slope[:, 1].abs().max() == 0 and slope[:, 0].abs().max() > 0


def test_its_form_is_marked_unverified():
    assert METHOD.marks == ("form unverified",)
