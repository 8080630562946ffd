"""Bradley-Terry with the margin of an ensemble."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.reward_objectives import bradley_terry
from benchbench.reward_objectives.bt_adaptive_margin import Hyper, loss

from .toys import column, rewards


def test_by_hand():
    """bt_adaptive_margin: difference 1.5 less the ensemble's 0.5: log(1 + 1/e)."""
    found = loss(rewards([2.0, 0.5], columns={"margin_mean": column(0.5)}), Hyper())
    assert found.item() == pytest.approx(math.log1p(math.exp(-1)), rel=1e-12)


def test_a_pair_that_the_ensemble_orders_otherwise_has_no_margin_and_the_largest_is_bounded():
    pair = [2.0, 0.5]
    plain = bradley_terry.loss(rewards(pair), bradley_terry.Hyper())["bradley_terry"].values
    torch.testing.assert_close(loss(rewards(pair, columns={"margin_mean": column(-3.0)}), Hyper()), plain)
    bounded = loss(rewards(pair, columns={"margin_mean": column(9.0)}), Hyper(high=0.5))
    torch.testing.assert_close(bounded, loss(rewards(pair, columns={"margin_mean": column(0.5)}), Hyper()))


def test_bounds_that_hold_no_number_are_refused():
    with pytest.raises(ValueError, match="high: expected a number of at least low"):
        Hyper(low=1.0, high=0.5)
