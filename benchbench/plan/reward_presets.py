"""Reward models that need no recipe: that of a setting with each objective of the room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchbench import reward_objectives


def reward_presets() -> Mapping[str, Mapping[str, Any]]:
    """Name of every objective -> the reward model with that objective; `default` is the setting's own.

    Rewards with a level of their own cannot be centred, so that is switched off with such an objective.
    """
    presets: dict[str, Mapping[str, Any]] = {"default": {}}
    for name in reward_objectives.names():
        level = {} if reward_objectives.get(name).is_shift_free else {"center_rewards_coefficient": 0.0}
        presets[name] = {"reward_model": {"objective": {"name": name, "hyper": {}}, **level}}
    return presets
