"""What a recipe reads, on disk, with the content hashes that stages are planned with."""

from __future__ import annotations

from dataclasses import dataclass

from benchbench.recipe.load import Loaded
from benchbench.store.prepared import PreparedData


@dataclass(frozen=True)
class Prepared:
    """What a recipe's stages read."""

    data: PreparedData
    data_key: str
    model_path: str | None
    """Folder of the pinned weights; none for a model built from a configuration."""
    weights_hash: str
    context_tokens: int | None
    """Tokens that the model reads at once; none where its configuration does not say."""
    caps_attention: bool
    """The model caps its attention scores softly."""
    tokenizer_path: str
    tokenizer_hash: str
    chat_template: str | None
    """Path of the recipe's own chat template; none where it has none."""
    chat_template_hash: str | None
    missing: tuple[str, ...] = ()
    """Why something cannot be had, one message each, where a plan was asked for all the same; empty where everything
    is here."""
    start: StartingRecipe | None = None
    """The recipe whose policy preference training starts from; none where it is no other recipe's."""

    @property
    def with_starts(self) -> tuple[Prepared, ...]:
        """Itself, then what the recipes read whose training comes before, the nearest first."""
        return (self,) if self.start is None else (self, *self.start.prepared.with_starts)


@dataclass(frozen=True)
class StartingRecipe:
    """A recipe whose policy another one starts from, and what it reads itself."""

    loaded: Loaded
    prepared: Prepared


@dataclass(frozen=True)
class PreparedTexts:
    """What the texts of a recipe need, as far as it can be had: no weights, which reading texts does not ask for."""

    data: PreparedData | None
    """None where the data are not here."""
    tokenizer_path: str | None
    """Folder of the tokenizer; none where it is not here, or cannot be made without the data."""
    chat_template: str | None
    """Path of the recipe's own chat template; none where it has none."""
    missing: tuple[str, ...]
    """Why something cannot be had, one message each; none where everything is here."""
