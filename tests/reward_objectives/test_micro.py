"""MiCRo: a mixture of heads under a gate."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives import bradley_terry
from benchbench.reward_objectives.micro import Hyper, head, loss, score

from .toys import rewards

GATE = [math.log(0.7), math.log(0.3)]


def mixture(chosen, rejected, gate):
    return RewardScores(
        torch.tensor([[chosen, rejected]], dtype=torch.float64), torch.tensor([gate], dtype=torch.float64)
    )


def test_the_golden_value():
    """micro, gate (0.7, 0.3), margins 1.1 and -0.4, without the penalty; computed independently."""
    terms = loss(mixture([1.1, 0.0], [0.0, 0.4], GATE), Hyper(heads=2))
    assert terms["mixture"].values.item() == pytest.approx(0.437612684597, rel=1e-11)


def test_the_balance_is_the_weighted_negative_entropy():
    terms = loss(mixture([1.1, 0.0], [0.0, 0.4], GATE), Hyper(heads=2, balance=0.5))
    assert terms["balance"].values.item() == pytest.approx(0.5 * (0.7 * math.log(0.7) + 0.3 * math.log(0.3)), rel=1e-12)


def test_one_head_and_heads_of_one_value_are_bradley_terry():
    plain = bradley_terry.loss(rewards([0.7, -0.2]), bradley_terry.Hyper())["bradley_terry"].values
    one = loss(mixture([0.7], [-0.2], [5.0]), Hyper(heads=1))
    torch.testing.assert_close(one["mixture"].values, plain)
    assert one["balance"].values.item() == 0.0
    torch.testing.assert_close(loss(mixture([0.7, 0.7], [-0.2, -0.2], GATE), Hyper(heads=2))["mixture"].values, plain)


def test_the_reward_is_the_gates_mean():
    assert score(mixture([1.0, 2.0], [0.0, 10.0], GATE), Hyper(heads=2)).flatten().tolist() == pytest.approx([1.3, 3.0])
    assert not head(Hyper()).trains_backbone and head(Hyper(train_backbone=True)).trains_backbone


@pytest.mark.parametrize("wrong", [{"heads": 0}, {"balance": -0.1}])
def test_no_head_and_a_negative_balance_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        Hyper(**wrong)
