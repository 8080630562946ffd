"""Bradley-Terry with label smoothing."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.reward_objectives import bradley_terry, bt_soft
from benchbench.reward_objectives.bt_smoothed import Hyper, loss

from .toys import column, rewards


def test_by_hand():
    """bt_smoothed: sigmoid(log 3) is 3/4: -0.9 log 0.75 - 0.1 log 0.25."""
    found = loss(rewards([math.log(3), 0.0]), Hyper(label_smoothing=0.1))
    assert found.item() == pytest.approx(-0.9 * math.log(0.75) - 0.1 * math.log(0.25), rel=1e-12)


def test_no_smoothing_is_plain_and_any_is_a_soft_label():
    plain = bradley_terry.loss(rewards([0.7, -0.2]), bradley_terry.Hyper())["bradley_terry"].values
    torch.testing.assert_close(loss(rewards([0.7, -0.2]), Hyper(label_smoothing=0.0)), plain, rtol=1e-14, atol=0)
    soft = bt_soft.loss(rewards([0.7, -0.2], columns={"p_chosen": column(0.8)}), bt_soft.Hyper())
    torch.testing.assert_close(loss(rewards([0.7, -0.2]), Hyper(label_smoothing=0.2)), soft, rtol=1e-14, atol=0)


@pytest.mark.parametrize("wrong", [-0.1, 0.5, 1.0])
def test_a_label_that_is_wrong_more_often_than_not_is_refused(wrong):
    with pytest.raises(ValueError, match=r"label_smoothing: expected a number in \[0, 0.5\)"):
        Hyper(label_smoothing=wrong)
