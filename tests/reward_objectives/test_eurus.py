"""Eurus: absolute rewards beside Bradley-Terry."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.reward_objectives import bradley_terry
from benchbench.reward_objectives.eurus import Hyper, loss

from .toys import rewards


def test_the_two_terms_by_hand():
    """Eurus at rewards 1 and -1: log(1 + e^-2), and log(1 + e^-1) twice at weight 1/2."""
    terms = loss(rewards([1.0, -1.0]), Hyper(absolute_weight=0.5))
    assert terms["bradley_terry"].values.item() == pytest.approx(math.log1p(math.exp(-2)), rel=1e-12)
    assert terms["absolute"].values.item() == pytest.approx(math.log1p(math.exp(-1)), rel=1e-12)


def test_a_weight_of_zero_is_plain():
    plain = bradley_terry.loss(rewards([0.7, -0.2]), bradley_terry.Hyper())["bradley_terry"].values
    terms = loss(rewards([0.7, -0.2]), Hyper(absolute_weight=0.0))
    torch.testing.assert_close(sum(term.values for term in terms.values()), plain, rtol=1e-14, atol=0)


def test_a_falling_chosen_reward_costs_at_the_same_difference():
    """What the difference alone allows."""
    low, high = (sum(t.values for t in loss(rewards(pair), Hyper()).values()) for pair in ([-3.0, -5.0], [1.0, -1.0]))
    assert low.item() > high.item()


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="absolute_weight: expected"):
        Hyper(absolute_weight=-1.0)
