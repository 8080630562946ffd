"""What a model card is made of: facts of the stage that left the model, and what a recipe and its scores add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchbench.comparison.stats.intervals import Interval


@dataclass(frozen=True)
class CardMeasurement:
    """One metric of the model."""

    metric: str
    scoring: str
    unit: str
    n: int
    """Pairs."""
    interval: Interval
    split: str


@dataclass(frozen=True)
class CardRecipe:
    """What a recipe says beyond its stages' settings."""

    label: str
    setting: str
    notice: str
    """Why its numbers are no evidence; empty where they are."""
    paper: str
    base: str
    """Hub id or folder name of the base model; empty where weights are drawn from the seed."""
    base_revision: str
    source: str
    """Name of the data's source."""
    options: Mapping[str, Any]
    """Of the source; a data set on the hub is named there with its revision."""
    recipe_hash: str
    untuned: bool
    command: str
    """The line that trains the model again."""
    starts: Sequence[str] = ()
    """Labels of the recipes whose trainings its own goes on from, the nearest first."""

    @property
    def hub_base(self) -> str:
        """The base model's id, where it is on the hub."""
        return self.base if self.base_revision else ""

    @property
    def hub_dataset(self) -> str:
        """The data set's id, where it is on the hub."""
        return str(self.options.get("dataset_name") or "") if self.source == "hub" else ""


@dataclass(frozen=True)
class CardFacts:
    """Everything that a card is made of."""

    title: str
    """Of the stage, such as `dpo seed 1`."""
    key: str
    """Kind and fingerprint of the stage."""
    settings: Mapping[str, Any]
    """As its lock file has them."""
    packages: Mapping[str, str]
    """Package -> version."""
    summary: Mapping[str, Any]
    """Of its record."""
    tokens: int
    """Trained on, padding left out."""
    is_adapter: bool
    start: str = ""
    """Key of the stage whose policy it starts from; empty where it starts from the base model."""
    is_merged: bool = False
    recipe: CardRecipe | None = None
    """None where only the stage is known."""
    measurements: Sequence[CardMeasurement] = ()
    notes: Sequence[str] = ()
    """What a reader of the numbers must know."""

    @property
    def kind(self) -> str:
        """Kind of the stage."""
        return self.key.partition("/")[0]

    @property
    def trained_with(self) -> str:
        """Name of the method, or of a reward model's objective; the stage's kind where it names none."""
        named = self.settings.get("method") or self.settings.get("objective") or {}
        return str(named.get("name", self.kind)).partition("+")[0]
