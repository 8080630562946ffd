"""What the stages of a cell share, whatever their role: data, model, tokenisation, seeds, and paths of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchbench import sources
from benchbench.core.data_ref import DataRef
from benchbench.core.records import StageSpec
from benchbench.data.tokenize import VERSION as TOKENIZATION_VERSION
from benchbench.plan.graph import Plan, data_input
from benchbench.plan.prepared import Prepared
from benchbench.plan.tokenization import stage_tokenization
from benchbench.recipe.load import Loaded
from benchbench.recipe.memory import training_memory
from benchbench.recipe.model import ArchitectureSection
from benchbench.recipe.schema import Recipe, TokenizationSection
from benchbench.recipe.section import values_of
from benchbench.recipe.training import LoopRunSection, LoopSection, TrainingSection
from benchbench.stages.settings import LoopSettings, ModelSettings, ReadingRun, StageRun, ToolSettings, TrainingRun


@dataclass(frozen=True)
class RoundFit:
    """One of the two fits of a round."""

    number: int
    """1 leaves the auxiliary policy, 2 the round's."""
    start: str | None
    """Key of the policy that it starts from, which is its anchor."""
    fallback: str | None
    """Key of the policy that stays where the round has no row."""


@dataclass(frozen=True)
class RoundPlace:
    """Where the rounds of a cell are."""

    number: int
    """From 1."""
    starts: tuple[str | None, ...]
    """Key of the policy that each round up to this one starts from, the first round's first; none is the base model as
    it is."""
    reference: str | None
    """Key of the policy that samplers and oracles call the reference."""
    fit: RoundFit | None = None
    """The fit that is planned, where a round has two."""

    @property
    def previous(self) -> str | None:
        """Key of the policy that a training of the round starts from: the round's own, or its fit's."""
        return self.starts[-1] if self.fit is None else self.fit.start

    @property
    def before(self) -> str | None:
        """Key of the policy that the round before started from; in the first round its own."""
        return self.starts[max(0, self.number - 2)]

    def left_by(self, number: int) -> str | None:
        """Key of the policy that a round left, or that the first one starts from; at the latest this one's start.

        Args:
            number: of the round; 0 for where the first one starts.
        """
        return self.starts[min(number, self.number - 1)]


@dataclass(frozen=True)
class StageParts:
    """One seed of one recipe, and what any of its stages is made of."""

    plan: Plan
    loaded: Loaded
    prepared: Prepared
    seed: int
    score_split: str
    """Held-out split that is scored."""
    made: Mapping[str, str] = field(default_factory=dict)
    """Split -> key of the stage that makes what preference training reads of it; else it is prepared."""
    round: RoundPlace | None = None
    """Of the rounds of training, the one that is planned; none outside of rounds."""
    device: Callable[[], str] = lambda: "cpu"
    """Gives `cpu`, `cuda` or `cuda:N`; called only where an engine is chosen for rollouts."""

    @property
    def recipe(self) -> Recipe:
        """The resolved recipe."""
        return self.loaded.recipe

    @property
    def where(self) -> str:
        """Round and seed, for titles."""
        if self.round is None:
            return f"seed {self.seed}"
        auxiliary = " auxiliary" if self.round.fit is not None and self.round.fit.number == 1 else ""
        return f"round {self.round.number}{auxiliary} seed {self.seed}"

    def add_made(self, kind: str, title: str, settings: Any, read: Mapping[str, str]) -> str:
        """A stage that makes examples of rows, and puts no text through a model."""
        return self.add(kind, title, settings, read, StageRun(data_key=self.prepared.data_key))

    def add(self, kind: str, title: str, settings: Any, read: Mapping[str, str], run: StageRun) -> str:
        """A stage with the stage that makes its data among its inputs; returns its key."""
        return self.plan.add(StageSpec(kind, title, settings, {**data_input(settings.data), **read}, run))

    def data(self, split: str) -> DataRef:
        """The examples of a split, prepared or made."""
        if split in self.made:
            return DataRef(split, made_by=self.made[split], tokens=self.round is not None)
        return DataRef(split, self.prepared.data.hashes[split])

    def reading(self, split: str, tokenization: TokenizationSection) -> dict[str, Any]:
        """What every stage reads: model, data, tokenisation."""
        capped = self.prepared.caps_attention and self.recipe.model.attn_implementation == "sdpa"
        model = ModelSettings(
            **values_of(self.recipe.model, ArchitectureSection),
            weights=self.prepared.weights_hash,
            tokenizer=self.prepared.tokenizer_hash,
            attention_soft_cap="obeyed" if capped else None,
        )
        return {
            "model": model,
            "data": self.data(split),
            "tokenization": tokenization.model_copy(update={"chat_template": self.prepared.chat_template_hash}),
            "tokenization_version": TOKENIZATION_VERSION,
        }

    def training(
        self, section: TrainingSection, *, seeded: bool, tokenization: TokenizationSection | None = None
    ) -> dict[str, Any]:
        """What a training stage reads besides its loop's settings."""
        return {
            **self.reading(section.split, tokenization or stage_tokenization(self.recipe, section)),
            "lora": self.recipe.lora,
            "seed": self.seed if seeded else None,
            "order_seed": self.order_seed,
        }

    @property
    def order_seed(self) -> int:
        """What data order, dropout and the responses of rollouts are drawn from."""
        seeds = self.recipe.seeds
        return self.seed if seeds.scope == "all" else seeds.fixed_seed

    def loop(self, section: TrainingSection, name: str) -> LoopSettings:
        """The settings of the loop of the recipe's section of that name."""
        return LoopSettings(**values_of(section, LoopSection), **training_memory(self.recipe, name))

    def base_seed(self, policy: str | None) -> int | None:
        """The seed of a base model whose weights are drawn from it; none where nothing is drawn."""
        return self.seed if policy is None and self.prepared.model_path is None else None

    def reading_run(self) -> ReadingRun:
        """Where a stage finds what its settings name by content."""
        return ReadingRun(
            model_path=self.prepared.model_path,
            tokenizer_path=self.prepared.tokenizer_path,
            chat_template=self.prepared.chat_template,
            data_key=self.prepared.data_key,
            per_device_eval_batch_size=self.recipe.score.per_device_eval_batch_size,
            tokens_per_microbatch=self.recipe.score.tokens_per_microbatch,
        )

    def training_run(self, section: TrainingSection) -> TrainingRun:
        """As `reading_run`, for a stage that trains."""
        run = LoopRunSection(**values_of(section, LoopRunSection))
        return TrainingRun(**values_of(self.reading_run(), ReadingRun), training=run)


def tool_settings(recipe: Recipe) -> ToolSettings:
    """The tool of the recipe's data; that it has one was checked with the recipe."""
    source = sources.get(recipe.data.source)
    assert source.tool is not None, "checked with the recipe"
    return ToolSettings(source=source.name, version=source.tool.version)
