"""RRHF."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.rrhf import Hyper, loss, reward

from .toys import listed, tokens

SCORES = Scores(tokens([-1.0, -2.0], [-0.5], [-4.0, -4.0, -1.0]), None, torch.tensor([[0.2, 0.1, 0.9]]))
"""Means -1.5, -0.5 and -3; the third is the best, then the first."""


def test_by_hand():
    """Wrong are first over third by 1.5, second over first by 1 and second over third by 2.5; the best has mean -3."""
    terms = loss(SCORES, Hyper(rrhf_weight=2.0))
    assert terms["ranking"].values.item() == pytest.approx(2 * 5.0, rel=1e-12)
    assert terms["sft"].values.item() == pytest.approx(3.0, rel=1e-12)


def test_the_best_may_be_summed_over_its_tokens():
    assert loss(SCORES, Hyper(sft_reduction="sum"))["sft"].values.item() == pytest.approx(9.0, rel=1e-12)


def test_without_length_penalty_sums_are_ranked():
    """Sums -3, -0.5 and -9: 6 + 2.5 + 8.5."""
    assert reward(SCORES, Hyper(length_penalty=0.0)).tolist() == [[-3.0, -0.5, -9.0]]
    assert loss(SCORES, Hyper(rrhf_weight=1.0, length_penalty=0.0))["ranking"].values.item() == pytest.approx(17.0)


def test_a_list_in_the_right_order_costs_its_best_alone():
    terms = loss(listed([-1.0, -2.0, -3.0], reward=[3.0, 2.0, 1.0]), Hyper())
    assert terms["ranking"].values.item() == 0.0 and terms["sft"].values.item() == 1.0


def test_equal_rewards_make_no_pair_and_the_first_of_the_best_is_the_best():
    terms = loss(listed([-1.0, -2.0, -3.0], reward=[5.0, 5.0, 5.0]), Hyper())
    assert terms["ranking"].values.item() == 0.0 and terms["sft"].values.item() == 1.0


def test_the_defaults_are_the_released_ones():
    assert (Hyper().rrhf_weight, Hyper().length_penalty) == (100.0, 1.0)
