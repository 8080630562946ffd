"""PRO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.pro import Hyper, loss, reward

from .toys import gradient, listed, one_token, tokens


def test_by_hand_for_three():
    """Rewards 3, 2, 0, so T = 3 and 2: first against gaps 1 and 3, second against gap 2; s = -1, -2, -4."""
    terms = loss(listed([-1.0, -2.0, -4.0], reward=[3.0, 2.0, 0.0]), Hyper())
    first = math.log(math.exp(-3) + math.exp(-2) + math.exp(-12)) + 3
    second = math.log(math.exp(-4) + math.exp(-8)) + 4
    assert terms["ranking"].values.item() == pytest.approx(first + second, rel=1e-12)
    assert terms["sft"].values.item() == pytest.approx(0.05 * 4 * 1.0, rel=1e-12)


def test_two_candidates_are_a_logistic_of_their_margin_times_the_gap_of_their_rewards():
    scores = Scores(tokens([-1.0, -2.0], [-3.0]), None, torch.tensor([[1.0, 0.4]]))
    margin = 0.6 * (-1.5 - -3.0)
    assert loss(scores, Hyper())["ranking"].values.item() == pytest.approx(math.log1p(math.exp(-margin)), rel=1e-6)
    assert reward(scores, Hyper()).tolist() == [[-1.5, -3.0]]


def test_the_likelihood_is_summed_over_the_best_s_tokens_and_grows_with_the_square_of_the_list():
    best = Scores(tokens([-1.0], [-1.0, -2.0], [-4.0], [-1.0]), None, torch.tensor([[0.0, 2.0, 1.0, -1.0]]))
    assert loss(best, Hyper(sft_weight=0.5))["sft"].values.item() == pytest.approx(0.5 * 9 * 3.0, rel=1e-12)


def test_equal_rewards_leave_no_slope_in_the_second_and_the_order_given():
    """e^{s_1 0} against e^{s_2 0}: log 2 whatever the scores."""

    def of(values):
        return loss(Scores(one_token(*values), None, torch.tensor([[2.0, 2.0]])), Hyper(0.0))["ranking"].values.sum()

    at = torch.tensor([-1.0, -7.0], dtype=torch.float64)
    assert of(at).item() == pytest.approx(math.log(2), rel=1e-12)
    assert gradient(of, at).abs().max().item() == 0.0


def test_a_constant_added_to_all_rewards_changes_nothing():
    one, other = (listed([-1.0, -2.0, -4.0], reward=[r + c for r in (1.0, 0.0, 2.5)]) for c in (0, 8))
    found, expected = (loss(scores, Hyper())["ranking"].values.item() for scores in (one, other))
    assert found == pytest.approx(expected, rel=1e-12)
