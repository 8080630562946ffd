"""Settings of training a reward model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from benchbench.core.identity import Since
from benchbench.recipe.section import Section
from benchbench.recipe.training import RewardHeadSection
from benchbench.stages.settings import POLICIES, LoopSettings, TrainingRun, TrainingSettings

DRAWN = "drawn"
"""Input whose rows are trained on beside the labelled pairs."""


class RewardLoopSettings(LoopSettings, RewardHeadSection):
    """What the loop and the head read."""


class RewardObjectiveSettings(Section):
    """Which objective, with which numbers."""

    name: str = "bradley_terry"
    version: int = 1
    hyper: dict[str, Any] = {}
    """Identity of the objective's hyper-parameters; those that joined later and change nothing are left out."""


class RewardModelSettings(TrainingSettings):
    """A reward head on the backbone, trained with an objective."""

    PRIORITY: ClassVar[int] = 1
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {"policy": POLICIES, DRAWN: ("select",)}

    stage_version: int = 2
    training: RewardLoopSettings
    objective: Annotated[
        RewardObjectiveSettings, Since("2026-11-28", before={"name": "bradley_terry", "version": 1, "hyper": {}})
    ] = RewardObjectiveSettings()
    drawn_split: Annotated[str | None, Since("2026-11-30", before=None)] = None
    """Split whose prompts the rows of the input `drawn` answer; none where there is no such input."""


SETTINGS, RUN = RewardModelSettings, TrainingRun
