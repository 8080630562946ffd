"""What of a training section reaches the loop and its model, and so the identity of what they train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchbench.recipe.load import without_run_keys
from benchbench.recipe.memory import part_of_training

_STAGE_KEYS = ("split", "max_length", "truncation", "reward", "reference", "on_empty_response", "own_per_method")
_SCORE_PREFIX = "score_"
"""Keys of a training section that are not read by the loop; each goes to the part of the settings that reads it."""


def loop_settings(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The part of a training section that the loop and its model read, a microbatch that moves numbers with it."""
    kept = without_run_keys(values[name])
    own = {k: v for k, v in kept.items() if k not in _STAGE_KEYS and not k.startswith(_SCORE_PREFIX)}
    return own | part_of_training(values, name)
