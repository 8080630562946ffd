"""maxmin."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.core.shaping import GroupSignals, advanced, shape_group
from benchbench.shaping.maxmin import SHAPING, Options


def signals(objectives: list[list[float]], *means: float) -> GroupSignals:
    return GroupSignals(objectives=np.array(objectives), carried=np.array(means))


def test_the_reward_is_that_of_the_group_that_was_served_worst():
    rewards = [[1.0, 5.0], [2.0, 6.0]]
    assert shape_group(SHAPING, Options(), signals(rewards, 0.3, 0.2)).tolist() == [5.0, 6.0]  # type: ignore[union-attr]
    assert shape_group(SHAPING, Options(), signals(rewards, 0.0, 0.0)).tolist() == [1.0, 2.0]  # type: ignore[union-attr]


def test_what_is_carried_are_the_means_of_the_draw():
    """Of three responses of two groups of responses: (1 + 2 + 6) / 3 and (0 + 1 + 5) / 3."""
    groups = [signals([[1.0, 0.0], [2.0, 1.0]], 0.0, 0.0), signals([[6.0, 5.0]], 0.0, 0.0)]
    assert advanced(SHAPING, Options(), (0.0, 0.0), groups) == pytest.approx((3.0, 2.0))


def test_two_opposed_groups_end_equally_served_where_one_reward_alone_serves_one():
    """Arms worth (1, 0) and (0, 1), a chance of the first: steps on the worse-served group's reward hold it at 1/2.

    Steps on the first reward alone would drive it to 1.
    """
    carried, chance = SHAPING.start(Options()), 0.9
    for _ in range(400):
        of_draw = signals([[1.0, 0.0], [0.0, 1.0]], *carried)
        first, second = shape_group(SHAPING, Options(), of_draw)
        chance = min(0.99, max(0.01, chance + 0.01 * (first - second)))
        carried = (chance, 1 - chance)  # each group's expected reward
    assert chance == pytest.approx(0.5, abs=0.03)
