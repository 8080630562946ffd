"""Settings of making columns of what models say of examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from benchbench.core.data_ref import DataRef
from benchbench.recipe.model_columns import MOST_COLUMNS
from benchbench.recipe.section import Section
from benchbench.stages.settings import StageRun, StageSettings

MODEL, REFERENCE = "model_", "reference_"
"""Begin the inputs' names, which end with the place of the column: rows of its model, and of its reference."""


class ColumnSettings(Section):
    """One column, whose models are inputs."""

    name: str
    value: str
    """One of those of `recipe.model_columns`."""
    scale: float | None
    """Reward per nat of an implicit reward; none of other values."""
    missing: Literal["drop", "keep", "error"]
    """What becomes of examples in which it is not defined."""


class StepSettings(Section):
    """One transform of the examples with their columns."""

    name: str
    version: int
    options: dict[str, Any]
    """Identity of its options."""
    draw_seed: int | None
    """None where it draws nothing."""


class ModelColumnsSettings(StageSettings):
    """Columns of what models said of the examples of a split, and the transforms that read them."""

    PRIORITY: ClassVar[int] = 4
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        f"{prefix}{i}": kinds
        for prefix, kinds in ((MODEL, ("score", "reward", "reward_ensemble")), (REFERENCE, ("score",)))
        for i in range(MOST_COLUMNS)
    }

    stage_version: int = 1
    data: DataRef
    """The split that the models read."""
    ordered: bool
    """Whether its first candidates are known to be the preferred ones."""
    columns: tuple[ColumnSettings, ...]
    transforms: tuple[StepSettings, ...]


SETTINGS, RUN = ModelColumnsSettings, StageRun
