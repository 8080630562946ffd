"""MetaRM's two formulas: the pair's loss, and the difference among draws, which the weights climb."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.reward_objectives import bradley_terry
from benchbench.reward_objectives.bt_meta import Hyper, difference, loss

from .toys import rewards

LOG3 = math.log(3.0)


def test_two_draws_by_hand():
    """Rewards log 3 apart have a sigmoid of 3/4, times 2/4; the slope is 1/2 * 3/4 * 1/4 in the higher one."""
    scores = rewards([0.2, 0.2 + LOG3])
    scores.outputs.requires_grad_()
    value = difference(scores, Hyper())
    assert value.item() == pytest.approx(0.375, rel=1e-12)
    (slope,) = torch.autograd.grad(value.sum(), [scores.outputs])
    assert slope.flatten().tolist() == pytest.approx([-0.09375, 0.09375], rel=1e-12)


def test_three_draws_by_hand_in_any_order():
    """Distances log 3, log 3 and 2 log 3: 2/9 (3/4 + 3/4 + 9/10)."""
    for row in ([0.0, LOG3, 2 * LOG3], [2 * LOG3, 0.0, LOG3]):
        assert difference(rewards(row), Hyper()).item() == pytest.approx(2 / 9 * 2.4, rel=1e-12)


def test_equal_rewards_have_no_slope():
    scores = rewards([0.3, 0.3])
    scores.outputs.requires_grad_()
    (slope,) = torch.autograd.grad(difference(scores, Hyper()).sum(), [scores.outputs])
    assert not slope.any()


def test_the_loss_of_a_pair_is_bradley_terrys_to_the_bit():
    plain = bradley_terry.loss(rewards([0.7, -0.2]), bradley_terry.Hyper())["bradley_terry"].values
    assert torch.equal(loss(rewards([0.7, -0.2]), Hyper()), plain)


@pytest.mark.parametrize("eta", [-1e-3, math.inf, math.nan])
def test_a_rate_that_goes_down_or_nowhere_is_refused(eta):
    with pytest.raises(ValueError, match="eta: expected a finite number >= 0"):
        Hyper(eta=eta)
