"""Room of reward-model objectives: one file each, found by file name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchbench.core import room

if TYPE_CHECKING:
    from benchbench.core.reward_objective import RewardObjective


def names() -> tuple[str, ...]:
    """Names of all objectives, sorted; nothing is imported."""
    return room.exhibit_names(sys.modules[__name__])


def get(name: str) -> RewardObjective:
    """The objective of that name.

    Raises:
        BenchError: there is none; the message suggests the nearest.
    """
    return room.exhibit(sys.modules[__name__], name, kind="reward-model objective", constant="OBJECTIVE")
