"""Plackett-Luce."""

from __future__ import annotations

import itertools

import pytest
import torch

from benchbench.reward_objectives import bradley_terry
from benchbench.reward_objectives.plackett_luce import Hyper, loss

from .toys import column, rewards

POLICY, REFERENCE = [-4.2983, -9.1385, -3.4492, -5.7714], [-5.747, -7.4183, -2.3492, -5.5179]


def test_the_golden_value():
    """plackett_luce of four rewards 0.1 (policy - reference), ordered by scores; computed independently."""
    reward = [0.1 * (p - r) for p, r in zip(POLICY, REFERENCE, strict=True)]
    scores = rewards(reward, columns={"score": column([0.4, 0.55, 0.9, 0.2])})
    assert loss(scores, Hyper(column="score")).item() == pytest.approx(3.33609249152, rel=1e-11)


def test_two_candidates_are_bradley_terry():
    plain = bradley_terry.loss(rewards([0.7, -0.2]), bradley_terry.Hyper())["bradley_terry"].values
    torch.testing.assert_close(loss(rewards([0.7, -0.2]), Hyper()), plain, rtol=1e-14, atol=0)


def test_probabilities_of_all_orders_add_up_to_one():
    orders = list(itertools.permutations([0.3, -1.0, 2.0, 0.1]))
    found = loss(rewards(*map(list, orders)), Hyper())
    assert (-found).exp().sum().item() == pytest.approx(1.0, rel=1e-12)


def test_equal_numbers_keep_the_order_of_the_data():
    scores = rewards([0.5, -1.0, 2.0], columns={"score": column([1.0, 1.0, 1.0])})
    torch.testing.assert_close(loss(scores, Hyper(column="score")), loss(rewards([0.5, -1.0, 2.0]), Hyper()))


def test_one_candidate_has_no_order():
    with pytest.raises(ValueError, match="K = 1"):
        loss(rewards([0.5]), Hyper())
