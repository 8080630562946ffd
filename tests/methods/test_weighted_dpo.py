"""Weighted DPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.weighted_dpo import Hyper, loss

from .toys import one_token, random_logps


def scores(*weights, policy=None, reference=None):
    """Random pairs with these weights."""
    column = torch.tensor(weights, dtype=torch.float64)
    return Scores(policy or random_logps(1), reference or random_logps(2), None, {"weight": column})


def test_by_hand():
    """A margin of 0.1 * 9, weighed by 3."""
    value = loss(scores(3.0, policy=one_token(-10.0, -25.0), reference=one_token(-14.0, -20.0)), Hyper(beta=0.1))
    assert value.item() == pytest.approx(3 * math.log(1 + math.exp(-0.9)), rel=1e-12)


def test_with_weights_of_one_it_is_dpo():
    dpo = methods.get("dpo")
    expected = dpo.loss(Scores(random_logps(1), random_logps(2)), dpo.hyper(beta=0.3))
    torch.testing.assert_close(loss(scores(1.0, 1.0, 1.0, 1.0, 1.0), Hyper(beta=0.3)), expected, rtol=0, atol=0)


def test_a_pair_of_weight_zero_teaches_nothing():
    assert loss(scores(0.0, 1.0, 2.0, 0.0, 4.0), Hyper())[[0, 3]].tolist() == [0.0, 0.0]


def test_a_weight_per_candidate_is_refused():
    with pytest.raises(ValueError, match="column 'weight': expected one value per example"):
        loss(scores(*[[1.0, 2.0]] * 5), Hyper())
