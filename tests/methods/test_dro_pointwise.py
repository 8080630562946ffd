"""DRO with given values."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.dro_pointwise import Hyper, loss, reward

from .toys import gradient, listed, one_token


def test_by_hand():
    """1 - 0.4 - 0.5 * 2 = -0.4 and 0 - 0.4 - 0.5 * -1 = 0.1: half the mean of the squares, over tau."""
    scores = listed([-3.0, -6.0], reference=[-5.0, -5.0], reward=[1.0, 0.0], value=0.4)
    assert loss(scores, Hyper(tau=0.5)).item() == pytest.approx((0.16 + 0.01) / 2 / (2 * 0.5), rel=1e-12)
    assert reward(scores, Hyper(tau=0.5)).tolist() == [[1.0, -0.5]]


@pytest.mark.parametrize("tau", [0.1, 1.0, 5.0])
def test_the_slope_is_the_paper_s_rescaled_policy_gradient(tau):
    """Of one response: -(r - V) + tau rho, the descent of log pi (r - V) - (tau / 2) rho^2."""

    def of(values):
        rewards, value = torch.tensor([[0.9]]), {"value": torch.tensor([0.35])}
        return loss(Scores(one_token(*values), one_token(-3.0), rewards, value), Hyper(tau=tau)).sum()

    slope = gradient(of, torch.tensor([-2.5], dtype=torch.float64)).item()
    assert slope == pytest.approx(-(0.9 - 0.35) + tau * 0.5, rel=1e-6)


def test_a_constant_in_rewards_and_value_changes_nothing_and_equal_rewards_have_one_target():
    one, other = (
        listed([-1.0, -2.0, -2.0], reference=[-2.0] * 3, reward=[r + c for r in (1.0, 0.5, 0.5)], value=0.5 + c)
        for c in (0.0, 3.0)
    )
    assert loss(one, Hyper()).item() == pytest.approx(loss(other, Hyper()).item(), abs=1e-12)
    assert loss(listed([-2.0] * 2, reference=[-2.0] * 2, reward=[0.5] * 2, value=0.5), Hyper()).item() == 0.0
