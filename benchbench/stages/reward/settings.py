"""Settings of giving rewards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from benchbench.recipe.training import OnEmptyResponse
from benchbench.stages.settings import ReadingRun, ScoringSettings


class RewardSettings(ScoringSettings):
    """The reward model's number for every response of a split."""

    PRIORITY: ClassVar[int] = 7
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {"reward_model": ("reward_model",)}

    stage_version: int = 1
    keep_all: bool
    """Keep examples that tokenisation would drop."""
    on_empty_response: OnEmptyResponse


SETTINGS, RUN = RewardSettings, ReadingRun
