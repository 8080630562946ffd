"""Settings of training a reward model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from benchbench.recipe.training import RewardHeadSection
from benchbench.stages.settings import POLICIES, LoopSettings, TrainingRun, TrainingSettings


class RewardLoopSettings(LoopSettings, RewardHeadSection):
    """What the loop and the head read."""


class RewardModelSettings(TrainingSettings):
    """A scalar head on the backbone, trained on pairs."""

    PRIORITY: ClassVar[int] = 1
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {"policy": POLICIES}

    stage_version: int = 2
    training: RewardLoopSettings


SETTINGS, RUN = RewardModelSettings, TrainingRun
