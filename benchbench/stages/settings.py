"""What settings of all stage kinds share: a frozen class per kind, whose fields are its identity.

A kind of stage is a folder: `settings.py` offers `SETTINGS` and `RUN`, the classes of what reaches its numbers and of
what is recorded beside it; `run.py` offers `run`. No torch here, since plans are made of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from benchbench.core.data_ref import DataRef
from benchbench.core.identity import Since
from benchbench.recipe.model import ArchitectureSection
from benchbench.recipe.schema import LoraSection, TokenizationSection
from benchbench.recipe.section import Section
from benchbench.recipe.training import LoopRunSection, LoopSection, TokenBudget

POLICIES = ("sft", "preference")
"""Kinds of stage that leave a policy."""
MOVES = Since("2026-11-28", before=None)
"""Mark of a memory setting that stands in the settings only where it moves numbers (`recipe.memory`)."""


class StageSettings(Section):
    """Everything that reaches a stage's numbers, the fingerprints of its inputs aside."""

    PRIORITY: ClassVar[int]
    """Of stages that could start and have equally long chains behind them, those with the lowest number go first."""
    INPUTS: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Name of an input -> kinds of stage that it may be; empty for any kind. A `data` input may be of any kind, too."""
    USES_ENGINE: ClassVar[bool] = False
    """Whether it draws responses, so that it runs where the engine is."""
    TAKES_NEEDS: ClassVar[bool] = False
    """Whether the inputs that methods declare (`benchbench.inputs`) may stand among its inputs."""

    stage_version: int
    """Raised by hand when the numbers of a kind change; every kind has its own as default."""


class ModelSettings(ArchitectureSection):
    """The base model by content: what names stand for in a recipe, hashes stand for here."""

    weights: str
    """Content hash of the pinned weights, or of the configuration where they are drawn from the seed."""
    tokenizer: str
    """Content hash of the tokenizer."""
    attention_soft_cap: Annotated[Literal["obeyed"] | None, Since("2026-11-28", before=None)] = None
    """That a model's soft cap of attention scores is obeyed under sdpa too; it was left out before. None elsewhere."""


class ToolSettings(Section):
    """What policies call in the middle of their responses."""

    source: str
    """The source whose tool it is."""
    version: int
    """Of the tool."""


class ReadingSettings(StageSettings):
    """What every stage that puts texts through a model reads."""

    model: ModelSettings
    data: DataRef
    tokenization: TokenizationSection
    """Its `chat_template` is the content hash of the template's file."""
    tokenization_version: int
    """Of the code that makes tokens of texts."""


class ScoringSettings(ReadingSettings):
    """A stage that puts every example of a split through a model, without training."""

    per_device_eval_batch_size: Annotated[int | None, MOVES] = None
    tokens_per_microbatch: Annotated[TokenBudget | None, MOVES] = None


class LoopSettings(LoopSection):
    """The part of a training section that the loop and its model read."""

    per_device_train_batch_size: Annotated[int | None, MOVES] = None
    tokens_per_microbatch: Annotated[TokenBudget | None, MOVES] = None
    torch_compile: Annotated[bool | None, MOVES] = None


class TrainingSettings(ReadingSettings):
    """A stage that trains; each kind adds its `training`, the settings of its loop."""

    lora: LoraSection | None
    seed: int | None
    """What initial weights and adapters are drawn from; none where nothing can be."""
    order_seed: int
    """What data order and dropout are drawn from."""


def initial_seed(settings: TrainingSettings) -> int:
    """What a stage that starts from the base model draws weights and adapters from."""
    assert settings.seed is not None, "a stage without a policy as input is planned with a seed"
    return settings.seed


class MethodSettings(Section):
    """Which loss."""

    name: str
    version: int


class StageRun(Section):
    """Paths and settings of the run, recorded beside the settings."""

    data_key: str | None = None
    """Folder of the prepared data below runs/data; none where a stage makes the data."""


class ReadingRun(StageRun):
    """Where a stage finds what its settings name by content."""

    model_path: str | None
    """Folder of the pinned weights; none for a model built from a configuration."""
    tokenizer_path: str
    chat_template: str | None
    """Path of the recipe's own chat template; none where it has none."""
    per_device_eval_batch_size: Annotated[int, Field(gt=0)]
    tokens_per_microbatch: TokenBudget = "auto"


class TrainingRun(ReadingRun):
    """Settings of the run of a stage that trains."""

    training: LoopRunSection
