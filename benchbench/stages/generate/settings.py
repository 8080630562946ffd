"""Settings of generating responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from benchbench.core.identity import Since
from benchbench.recipe.generation import GenerateSection
from benchbench.stages.settings import POLICIES, ReadingRun, ScoringSettings, ToolSettings


class GenerateSettings(ScoringSettings):
    """A policy's own responses to the prompts of a split."""

    PRIORITY: ClassVar[int] = 6
    USES_ENGINE: ClassVar[bool] = True
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "policy": POLICIES,
        "reference": POLICIES,
        "first": ("generate",),
    }

    stage_version: int = 3
    generate: GenerateSection
    seed: int
    """What tokens are drawn from."""
    base_seed: int | None
    """What the weights of a base model without pinned ones are drawn from; none where nothing is drawn."""
    stop_token_ids: Annotated[tuple[int, ...] | None, Since("2026-11-28", before=None)] = None
    """Tokens that end a response; none where EOS is the only one."""
    engine_attention: Annotated[Literal["sdpa", "eager", "flash_attention_2"], Since("2026-11-21", before="sdpa")] = (
        "sdpa"
    )
    """How the engine computes attention; before the recipe's was obeyed, all were drawn with sdpa."""
    turn: Annotated[int, Since("2026-11-21", before=1)] = 1
    """Which turn of the conversation is answered, from 1; each has draws of its own."""
    tool: Annotated[ToolSettings | None, Since("2026-11-30", before=None)] = None
    """None where responses call nothing."""


class GenerateRun(ReadingRun):
    """Where weights and prompts are, and how the stops were found."""

    stops: dict[str, Any] | None = None
    """The tokens that end a response with the origin of each, as `generation.stops` writes them."""


SETTINGS, RUN = GenerateSettings, GenerateRun
