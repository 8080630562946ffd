"""What shapings share."""

from __future__ import annotations

import numpy as np
import torch

from benchbench.core import policy_gradient as pg
from benchbench.shaping._groups import group_relative


def test_a_group_is_normalised_as_losses_do_it():
    rewards = np.random.default_rng(0).normal(size=(4, 5))
    expected = pg.group_relative(torch.tensor(rewards), "group")
    np.testing.assert_allclose([group_relative(row, pg.ADDED) for row in rewards], expected.numpy())
    alone = pg.group_relative(torch.ones((1, 1)), "group")
    assert group_relative(np.ones(1), pg.ADDED).tolist() == alone[0].tolist() == [0.0]
