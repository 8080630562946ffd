"""Settings of judging."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from benchbench.core.data_ref import DataRef
from benchbench.core.identity import Since
from benchbench.stages.settings import StageRun, StageSettings


class JudgeSettings(StageSettings):
    """Verdicts on two sets of responses."""

    PRIORITY: ClassVar[int] = 9
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {"ours": ("generate",), "theirs": ("generate",)}

    stage_version: int = 2
    judge: dict[str, Any]
    """Identity of the judge: name, version, options that move a verdict, content hashes."""
    data: DataRef
    missing: Annotated[dict[str, Any], Since("2026-11-21", before={})] = {}
    """What becomes of contests without a verdict, where that is not the judge's default."""


class JudgeRun(StageRun):
    """Where the judge's files are, and all of its options."""

    folder: str
    options: dict[str, Any]


SETTINGS, RUN = JudgeSettings, JudgeRun
