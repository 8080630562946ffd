"""What must be learnt for a pair to be flipped, and the DPO loss at which it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchbench.metrics.reference_difficulty import METRIC, highest_loss, per_pair

from .scores import pair_scores


def test_by_hand():
    scores = pair_scores([0.0, 0.0], [0.0, 0.0], reference=([-3.0, -1.0], [-1.0, -4.0]))
    assert per_pair(scores).tolist() == [2.0, -3.0] and METRIC.value(scores) == -0.5


@pytest.mark.parametrize(("difficulty", "loss"), [(1, 0.644), (5, 0.474), (10, 0.313), (30, 0.049)])
def test_the_loss_at_beta_one_tenth(difficulty, loss):
    assert highest_loss(np.array([float(difficulty)]), 0.1) == pytest.approx(loss, abs=5e-4)


def test_a_pair_is_right_exactly_where_its_dpo_loss_is_below_it():
    """Chen et al., against the loss in torch: 500 random policies and references."""
    rng = np.random.default_rng(1)
    policy, reference = rng.normal(-30, 5, (2, 500, 2))
    ratio = torch.tensor((policy - reference)[:, 0] - (policy - reference)[:, 1])
    loss = -torch.nn.functional.logsigmoid(0.2 * ratio).numpy()
    bound = highest_loss(reference[:, 1] - reference[:, 0], 0.2)
    assert ((policy[:, 0] >= policy[:, 1]) == (loss <= bound)).all()
