"""Claims: numbers that were reported for a recipe, as data with their source."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from benchbench.recipe.section import Section


class ClaimSection(Section):
    """One reported number: per seed, or as mean and spread over runs."""

    metric: Annotated[str, Field(min_length=1)]
    """A metric of ours."""
    scoring: Annotated[str, Field(min_length=1)]
    """The scoring it was computed under."""
    values: dict[int, float] | None = None
    """Seed -> reported value, where single runs were reported."""
    mean: float | None = None
    """Reported mean, where single runs were not."""
    sd: float | None = Field(default=None, ge=0)
    """Reported sample standard deviation over runs (ddof 1); none where no spread was reported."""
    k: int | None = Field(default=None, gt=0)
    """Number of runs behind `mean`."""
    n: int = Field(gt=0)
    """Test items of each run."""
    tolerance: float | None = Field(default=None, gt=0)
    """Largest difference that does not matter, fixed before any run; none: only the prediction interval applies."""
    baseline: Annotated[str, Field(min_length=1)] | None = None
    """Name of the recipe whose value is subtracted in the claimed difference; none if no difference is claimed."""
    source: Annotated[str, Field(min_length=1)]
    """Table, row and version, or file and commit."""
    assumptions: tuple[str, ...] = ()
    """What the report leaves open and we assume; printed beside the verdict."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.values is None) == (self.mean is None):
            raise ValueError("expected exactly one of values and mean")
        if self.values is not None and (not self.values or self.sd is not None or self.k is not None):
            raise ValueError("values: expected at least one run, and neither sd nor k beside them")
        if self.mean is not None and self.k is None:
            raise ValueError("k: required beside mean, not given")
        return self


class LossSection(Section):
    """A training loss that was reported; `bench check` shows it beside ours and does not judge it."""

    stage: Literal["sft", "reward_model", "preference"]
    """The stage whose training loss it is."""
    values: Annotated[dict[int, float], Field(min_length=1)]
    """Seed -> mean loss over the run's optimizer steps."""
    source: Annotated[str, Field(min_length=1)]
    """Table, row and version, or file and commit."""
