"""Settings of making pairs from responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from benchbench.core.data_ref import DataRef
from benchbench.stages.settings import StageRun, StageSettings


class LongestFirstSettings(StageSettings):
    """The longer of two responses to a prompt is the preferred one."""

    PRIORITY: ClassVar[int] = 3
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {"responses": ("generate",)}

    stage_version: int = 1
    data: DataRef
    """The prompts."""
    split: str
    """What the pairs are called."""


SETTINGS, RUN = LongestFirstSettings, StageRun
