"""Sums of what is still to come, and steps."""

from __future__ import annotations

import torch

from benchbench.core.trajectories import begins_step, of_steps, still_to_come


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
