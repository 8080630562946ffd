"""Squared errors of scores to rewards."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.point_mse import Hyper, loss, reward

from .toys import gradient, listed, one_token


def test_by_hand():
    """Scores 0.5 * 2 and 0.5 * -1 against rewards 0.4 and 0: 0.6^2 + 0.5^2."""
    scores = listed([-3.0, -6.0], reference=[-5.0, -5.0], reward=[0.4, 0.0])
    assert loss(scores, Hyper(beta=0.5)).item() == pytest.approx(0.36 + 0.25, rel=1e-12)
    assert reward(scores, Hyper(beta=0.5)).tolist() == [[1.0, -0.5]]


def test_it_rests_where_the_scores_are_the_rewards():
    rewards = torch.tensor([[0.3, 0.9, 0.3]], dtype=torch.float64)

    def of(values):
        return loss(Scores(one_token(*values), one_token(0.0, 0.0, 0.0), rewards), Hyper(beta=0.5)).sum()

    assert of(rewards[0] / 0.5).item() == 0.0 and gradient(of, rewards[0] / 0.5).abs().max() == 0.0


def test_a_constant_added_to_all_rewards_matters():
    one, other = (listed([-1.0, -2.0], reference=[0.0, 0.0], reward=[r, r]) for r in (0.0, 1.0))
    assert loss(one, Hyper(beta=1.0)).item() == 5.0 and loss(other, Hyper(beta=1.0)).item() == 13.0


def test_a_list_costs_what_its_candidates_cost():
    whole = listed([-1.0, -2.0, -4.0], reference=[-2.0] * 3, reward=[0.2, 0.5, 0.8])
    alone = (listed([p], reference=[-2.0], reward=[r]) for p, r in ((-1.0, 0.2), (-2.0, 0.5), (-4.0, 0.8)))
    assert loss(whole, Hyper()).item() == pytest.approx(sum(loss(one, Hyper()).item() for one in alone), rel=1e-12)
