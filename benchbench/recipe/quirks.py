"""Quirks: what a published protocol does otherwise than it should, each the value of a recipe field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from benchbench.recipe.section import Section

Scalar = bool | int | float | str | None


class QuirkSection(Section):
    """One field whose published value is questionable; no part of a recipe's identity."""

    field: Annotated[str, Field(min_length=1)]
    """Dotted key of the recipe."""
    published: Scalar | dict[str, Scalar]
    """The published value; a mapping gives it for each method, and methods that it does not name lack the quirk."""
    good: Annotated[tuple[Scalar, ...], Field(min_length=1)]
    """Values without the quirk; `bench quirks` tries each."""
    effect: Annotated[str, Field(min_length=1)]
    """What the published value does."""

    @model_validator(mode="after")
    def _differs(self) -> Self:
        if not isinstance(self.published, Mapping):
            same = any(_equal(value, self.published) for value in self.good)
            if same:
                raise ValueError(f"good: expected other values than the published one, got {self.published} in both")
        elif not self.published:
            raise ValueError("published: expected a value for at least one method, got none")
        return self

    def concerns(self, method: str) -> bool:
        """Whether recipes of this method have the quirk."""
        return not isinstance(self.published, Mapping) or method in self.published

    def published_for(self, method: str) -> Any:
        """The published value for a method that the quirk concerns."""
        return self.published[method] if isinstance(self.published, Mapping) else self.published

    def state(self, method: str, value: Any) -> str:
        """What a recipe's own value is: `published`, `good`, both (`equal arms decide`), or neither."""
        is_published = _equal(value, self.published_for(method))
        is_good = any(_equal(value, good) for good in self.good)
        if is_published and is_good:
            return "published; good if every method has it"
        return "published" if is_published else "good" if is_good else "neither"


def _equal(value: Any, other: Any) -> bool:
    """Equal as recipe values: `true` is not `1`, but `2` is `2.0`."""
    return value == other and isinstance(value, bool) == isinstance(other, bool)
