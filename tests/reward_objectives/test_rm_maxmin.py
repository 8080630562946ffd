"""rm_maxmin: rewards of groups of users that nobody named."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives.rm_maxmin import Hyper, loss, score


def scores(outputs: torch.Tensor, users: torch.Tensor, weights: torch.Tensor) -> RewardScores:
    """[B, 2, G] rewards of pairs, the preferred response first."""
    return RewardScores(outputs, _tables={"user_weights": weights}, _column={"user": users})


def test_by_hand():
    """Weights log 3 and 0 are 3/4 and 1/4; margins log 4 and 0 are probabilities 0.8 and 0.5: 0.6 + 0.125."""
    outputs = torch.tensor([[[math.log(4), 7.0], [0.0, 7.0]]], dtype=torch.float64)
    weights = torch.tensor([[math.log(3), 0.0]], dtype=torch.float64)
    of_pair = scores(outputs, torch.zeros(1), weights)
    assert loss(of_pair, Hyper()).item() == pytest.approx(-math.log(0.725), rel=1e-12)
    assert score(of_pair, Hyper()).tolist() == [[pytest.approx(math.log(4)), 0.0]]


def test_with_one_group_it_is_bradley_terry():
    outputs = torch.randn(6, 2, 1, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    of_pairs = scores(outputs, torch.arange(6) % 3, torch.randn(3, 1, dtype=torch.float64))
    expected = -(outputs[:, 0, 0] - outputs[:, 1, 0]).sigmoid().log()
    torch.testing.assert_close(loss(of_pairs, Hyper(users=3, groups=1)), expected)


def test_two_planted_groups_are_found_and_the_minority_is_served():
    """Six users, of whom the last two prefer what the others reject; one reward for all is wrong for these two."""
    generator = torch.Generator().manual_seed(1)
    users = torch.arange(6).repeat(10)
    states = torch.randn(60, 2, 3, generator=generator, dtype=torch.float64)
    taste = torch.where(users < 4, 1.0, -1.0)
    # they differ in the first number of a state
    reversed_pairs = taste * (states[:, 0, 0] - states[:, 1, 0]) < 0
    states[reversed_pairs] = states[reversed_pairs].flip(1)
    right: dict[int, list[float]] = {}
    for groups in (1, 2):
        hyper = Hyper(users=6, groups=groups)
        head = (0.1 * torch.randn(3, groups, generator=generator, dtype=torch.float64)).requires_grad_()
        weights = torch.zeros(6, groups, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.Adam([head, weights], lr=0.2)
        for _ in range(60):
            optimizer.zero_grad()
            loss(scores(states @ head, users, weights), hyper).mean().backward()
            optimizer.step()
        rewards = score(scores(states @ head, users, weights), hyper)
        correct = (rewards[:, 0] > rewards[:, 1]).double()
        right[groups] = [correct[users < 4].mean().item(), correct[users >= 4].mean().item()]
    assert weights[:4].argmax(-1).unique().numel() == weights[4:].argmax(-1).unique().numel() == 1
    assert weights[0].argmax() != weights[5].argmax()
    assert min(right[2]) > 0.95 and right[1][1] < 0.2 < 0.8 < right[1][0]
