"""Transforms as a recipe names them: of splits that are prepared, or of what a stage made of one."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from benchbench.recipe.section import NonEmpty, Section


class StepSection(Section):
    """One transform of the one split that it stands beside."""

    name: NonEmpty
    """Name of a transform; `bench transforms ls` lists them."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The transform's own options; `bench transforms show NAME` lists them with their defaults."""
    draw_seed: int | None = Field(default=None, ge=0)
    """Seed of its draws, not the training seed; none is 0; refused for a transform that draws nothing."""


class TransformSection(Section):
    """One transform: examples in, examples out, after the source has read them and before they are tokenised."""

    name: NonEmpty
    """Name of a transform; `bench transforms ls` lists them."""
    splits: Annotated[tuple[NonEmpty, ...], Field(min_length=1)]
    """Splits that it is applied to, each by itself."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The transform's own options; `bench transforms show NAME` lists them with their defaults."""
    draw_seed: int | None = Field(default=None, ge=0)
    """Seed of its draws, not the training seed; none is 0; refused for a transform that draws nothing."""

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.splits)) != len(self.splits):
            raise ValueError(f"splits: expected different splits, got {list(self.splits)}")
        return self
