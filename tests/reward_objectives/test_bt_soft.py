"""Bradley-Terry with soft labels."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.reward_objectives import bradley_terry
from benchbench.reward_objectives.bt_soft import Hyper, columns, loss

from .toys import column, rewards


def test_by_hand():
    """bt_soft: sigmoid(log 3) is 3/4; at p = 0.9 the cross-entropy is -0.9 log 0.75 - 0.1 log 0.25."""
    found = loss(rewards([math.log(3), 0.0], columns={"p_chosen": column(0.9)}), Hyper())
    assert found.item() == pytest.approx(-0.9 * math.log(0.75) - 0.1 * math.log(0.25), rel=1e-12)


def test_a_certain_label_is_plain_and_its_opposite_is_the_pair_swapped():
    def plain(*pair):
        return bradley_terry.loss(rewards(list(pair)), bradley_terry.Hyper())["bradley_terry"].values

    for p, expected in ((1.0, plain(0.7, -0.2)), (0.0, plain(-0.2, 0.7))):
        found = loss(rewards([0.7, -0.2], columns={"p_chosen": column(p)}), Hyper())
        torch.testing.assert_close(found, expected, rtol=1e-14, atol=0)


def test_the_least_loss_is_at_the_log_odds():
    scores = rewards([math.log(4), 0.0], columns={"p_chosen": column(0.8)})
    scores._outputs.requires_grad_()
    (slope,) = torch.autograd.grad(loss(scores, Hyper()).sum(), scores._outputs)
    assert slope.abs().max().item() == pytest.approx(0.0, abs=1e-15)


def test_a_label_is_a_probability():
    (declared,) = columns(Hyper())
    assert (declared.low, declared.high, declared.per) == (0.0, 1.0, "example")
