"""Sums of what is still to come, and steps."""

from __future__ import annotations

import torch

from benchbench.core.trajectories import begins_step, of_steps, soft_bellman, still_to_come


def test_what_is_still_to_come_counts_the_place_itself():
    assert still_to_come(torch.tensor([[1.0, 2.0, 4.0]])).tolist() == [[7.0, 6.0, 4.0]]


def test_a_step_begins_where_the_number_rises_and_a_hole_begins_none():
    """Tokens of steps 1, 1, (hole), 2, 2, 3 after a prompt token and before padding."""
    numbers = torch.tensor([[0.0, 1, 1, 0, 2, 2, 3, 0]])
    response = torch.tensor([[False, True, True, False, True, True, True, False]])
    begins = begins_step(numbers, response)
    assert begins.tolist() == [[False, True, False, False, True, False, True, False]]
    values = torch.tensor([[0.0, 1, 2, 0, 4, 8, 16, 0]])
    assert of_steps(values, begins).tolist() == [[0, 3, 0, 0, 12, 0, 16, 0]]


def test_a_residual_is_value_less_reward_plus_what_is_still_to_come():
    """Ratios 1, 2, 4 and reward 3 at the first and the last place: 10 - 3 + 7 = 14 and 0 - 3 + 4 = 1."""
    ratio = torch.tensor([[1.0, 2.0, 4.0]], requires_grad=True)
    value = torch.tensor([[10.0, 99.0, 0.0]], requires_grad=True)
    places = torch.tensor([[True, False, True]])
    of_value, of_policy = soft_bellman(ratio, value, torch.tensor([[3.0]]), places)
    assert of_value.tolist() == of_policy.tolist() == [(14**2 + 1) / 2]
    assert torch.autograd.grad(of_value, value)[0].tolist() == [[14.0, 0.0, 1.0]]
    assert torch.autograd.grad(of_policy, ratio)[0].tolist() == [[14.0, 0.0, 1.0]]


def test_a_trajectory_without_a_place_costs_nothing():
    zeros = torch.zeros(1, 3)
    assert [square.tolist() for square in soft_bellman(zeros, zeros + 5, zeros[:, :1], zeros.bool())] == [[0.0], [0.0]]
