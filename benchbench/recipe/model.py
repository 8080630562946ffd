"""The model section: architecture, weights and tokenizer of the policy."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from benchbench.recipe.section import Section

NonEmpty = Annotated[str, Field(min_length=1)]


class TokenizerTraining(Section):
    """A tokenizer trained on the prompts and responses of one split, for embedded settings."""

    vocab_size: int = Field(gt=4)
    """Upper limit of the vocabulary, special tokens included."""
    split: NonEmpty
    """The split whose texts it is trained on."""
    special_tokens: tuple[NonEmpty, ...] = ()
    """Further special tokens, such as the role marks of the prompt template; EOS and padding are always there."""


class ArchitectureSection(Section):
    """What a model is besides its weights, and how it is loaded."""

    from_config: dict[str, Any] | None = None
    """A transformers configuration (with `model_type`); its weights are initialised from the seed."""
    train_tokenizer: TokenizerTraining | None = None
    """Train the tokenizer on the setting's own data instead."""
    pad_token: NonEmpty | None = None
    """Padding token, for a tokenizer that defines none."""
    dtype: Literal["float32", "bfloat16"]
    """Precision of the weights."""
    attn_implementation: Literal["sdpa", "eager", "flash_attention_2"] = "sdpa"
    """Attention kernel, as transformers names it."""
    trust_remote_code: bool = False
    """Run code that comes with the model repository."""


class ModelSection(ArchitectureSection):
    """The policy's architecture, weights and tokenizer."""

    model_name_or_path: NonEmpty | None = None
    """Hub id, or a local folder in the hub's format (relative to the recipe file)."""
    revision: NonEmpty | None = None
    """Commit of the hub repository; required for a hub id."""
    tokenizer_name_or_path: NonEmpty | None = None
    """Hub id or folder of the tokenizer; the model's own if not given."""
    tokenizer_revision: NonEmpty | None = None
    """Commit of the tokenizer's hub repository."""

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.model_name_or_path is None) == (self.from_config is None):
            raise ValueError("expected exactly one of model_name_or_path and from_config")
        if self.from_config is not None and "model_type" not in self.from_config:
            raise ValueError("from_config.model_type: required, not given; for example gpt_neox or llama")
        names_tokenizer = self.tokenizer_name_or_path is not None
        if names_tokenizer and self.train_tokenizer is not None:
            raise ValueError("expected at most one of tokenizer_name_or_path and train_tokenizer")
        if self.from_config is not None and not names_tokenizer and self.train_tokenizer is None:
            raise ValueError("a model from_config needs tokenizer_name_or_path or train_tokenizer")
        return self
