"""constrained_ppo."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench.core.shaping import GroupSignals, advanced, shape_group
from benchbench.shaping.constrained_ppo import SHAPING, Options


def signals(objectives: list[list[float]], *multipliers: float) -> GroupSignals:
    return GroupSignals(objectives=np.array(objectives), carried=np.array(multipliers))


def test_by_hand():
    """1 + 2 (0.5 - 0.2) - 0 of the first; the second is 1.2 on the wrong side of the threshold."""
    options = Options(thresholds=(0.2, 5.0))
    rewards = shape_group(SHAPING, options, signals([[1.0, 0.5, 9.0], [0.0, -1.0, 0.0]], 2.0, 0.0))
    assert rewards.tolist() == pytest.approx([1.6, -2.4])  # type: ignore[union-attr]
    at_most = shape_group(SHAPING, Options(thresholds=(0.2,), side="most"), signals([[1.0, 0.5]], 2.0))
    assert at_most.tolist() == pytest.approx([0.4])  # type: ignore[union-attr]


def test_multipliers_follow_the_mean_of_the_draw_and_never_fall_below_zero():
    """Means 0.25 and 2 of two groups: 1 + 0.1 (0.5 - 0.25), and 0 where 0.05 - 0.1 (2 - 1) is below it."""
    options = Options(thresholds=(0.5, 1.0))
    groups = [signals([[0.0, 0.5, 3.0]], 1.0, 0.05), signals([[0.0, 0.0, 1.0]], 1.0, 0.05)]
    assert advanced(SHAPING, options, (1.0, 0.05), groups) == pytest.approx((1.025, 0.0))
    assert advanced(SHAPING, options, (1.0, 0.05), []) == (1.0, 0.05)


def test_with_multipliers_of_zero_the_reward_is_the_first():
    assert shape_group(SHAPING, Options(), signals([[0.3, 7.0]], 0.0)).tolist() == [0.3]  # type: ignore[union-attr]


def test_a_bandit_of_two_rewards_comes_to_its_saddle_point():
    """Arms worth (1, 0) and (0, 1), KL weight b to even chances, mean of the second reward at least 0.4.

    The best policy for a multiplier m has log odds (m - 1) / b of the second arm, so at the saddle point its chance is
    0.4 and m = 1 + b log(0.4 / 0.6).
    """
    options, weight = Options(thresholds=(0.4,), rate=0.05), 0.5
    multipliers = SHAPING.start(options)
    for _ in range(2000):
        arms = signals([[1.0, 0.0], [0.0, 1.0]], *multipliers)
        first, second = shape_group(SHAPING, options, arms)
        chance = 1 / (1 + math.exp((first - second) / weight))
        mean = signals([[1 - chance, chance]], *multipliers)
        multipliers = advanced(SHAPING, options, multipliers, [mean])
    assert multipliers[0] == pytest.approx(1 + weight * math.log(0.4 / 0.6), abs=1e-6)
    assert chance == pytest.approx(0.4, abs=1e-6)
