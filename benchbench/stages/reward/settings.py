"""Settings of giving rewards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from benchbench.core.identity import Since
from benchbench.recipe.section import Section
from benchbench.recipe.training import OnEmptyResponse
from benchbench.stages.settings import ReadingRun, ScoringSettings


class DropoutSettings(Section):
    """Passes with dropout, instead of one without."""

    passes: int
    """Number of passes."""
    seed: int
    """What the masks are drawn from."""
    rate: float | None
    """Every dropout probability of the reward model; none for its own."""


class RewardSettings(ScoringSettings):
    """The reward model's number for every response of a split."""

    PRIORITY: ClassVar[int] = 8
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {"reward_model": ("reward_model",)}

    stage_version: int = 1
    keep_all: bool
    """Keep examples that tokenisation would drop."""
    on_empty_response: OnEmptyResponse
    dropout: Annotated[DropoutSettings | None, Since("2026-11-28", before=None)] = None
    """Passes with dropout, whose mean is the reward; none is one pass without."""


SETTINGS, RUN = RewardSettings, ReadingRun
