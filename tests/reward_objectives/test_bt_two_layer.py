"""Bradley-Terry on a head of two layers."""

from __future__ import annotations

import pytest
import torch

from benchbench.models.reward_outputs import OutputHead
from benchbench.reward_objectives import bradley_terry
from benchbench.reward_objectives.bt_two_layer import Hyper, head, loss

from .toys import rewards


def test_the_head_by_hand():
    """bt_two_layer, width 2, relu: h = (1, -2): (1*1 - 0, relu(-2 + 1)) = (1, 0); 3 * 1 + 5 * 0 + 0.5."""
    made = OutputHead(head(Hyper(width=2, activation="relu")), 2, dtype=torch.float64, initial_std=0.02)
    first, _, last = made.response
    with torch.no_grad():
        first.weight.copy_(torch.eye(2))
        first.bias.copy_(torch.tensor([0.0, 1.0]))
        last.weight.copy_(torch.tensor([[3.0, 5.0]]))
        last.bias.fill_(0.5)
    assert made.response(torch.tensor([[1.0, -2.0]], dtype=torch.float64)).tolist() == [[3.5]]


def test_the_loss_is_bradley_terrys():
    plain = bradley_terry.loss(rewards([0.7, -0.2]), bradley_terry.Hyper())["bradley_terry"].values
    assert torch.equal(loss(rewards([0.7, -0.2]), Hyper()), plain)


def test_a_width_of_zero_is_refused():
    with pytest.raises(ValueError, match="width: expected 1 or more"):
        Hyper(width=0)
