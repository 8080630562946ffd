"""Settings of supervised fine-tuning."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from benchbench.core.identity import Since
from benchbench.recipe.training import OnEmptyResponse
from benchbench.stages.settings import LoopSettings, MethodSettings, TrainingRun, TrainingSettings


class SftSettings(TrainingSettings):
    """Training on the first candidate of each example that is not labelled false."""

    model_config = ConfigDict(populate_by_name=True)

    PRIORITY: ClassVar[int] = 0

    stage_version: int = 1
    training: LoopSettings
    method: MethodSettings
    """`sft`, whose loss it is."""
    on_empty_response: Annotated[OnEmptyResponse, Since("2026-11-21", before="drop")] = "drop"
    own_to: Annotated[str | None, Field(alias="for"), Since("2026-11-20", before=None)] = None
    """Label of the row that has this policy to itself; none where all rows of a seed share one."""
    labels: Annotated[Literal["all", "true only"], Since("2026-11-28", before="all")] = "all"
    """Which examples are trained on, where the data have labels."""


SETTINGS, RUN = SftSettings, TrainingRun
