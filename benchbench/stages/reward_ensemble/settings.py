"""Settings of putting several reward models together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from benchbench.core.data_ref import DataRef
from benchbench.recipe.reward_rounds import MOST_MEMBERS
from benchbench.stages.settings import StageRun, StageSettings


class RewardEnsembleSettings(StageSettings):
    """Mean and sample standard deviation of the rewards of several reward models on one split."""

    PRIORITY: ClassVar[int] = 2
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {f"member_{i}": ("reward",) for i in range(MOST_MEMBERS)}

    stage_version: int = 1
    data: DataRef
    """The split that the members rewarded."""
    members: int
    """Number of reward models."""


SETTINGS, RUN = RewardEnsembleSettings, StageRun
