"""Sections of drawn training data: who draws, who labels, and which of it becomes rows."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from benchbench.recipe.section import NonEmpty, Section


class SamplerSection(Section):
    """Which models draw how many responses to a prompt; every sampling field is required, as under `generate`."""

    name: NonEmpty = "policy"
    """Name of a sampler, a file of `benchbench/samplers/`."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The sampler's own options."""
    num_samples: int = Field(gt=0)
    """Responses to each prompt."""
    temperature: float = Field(gt=0)
    """Divisor of logits, > 0; methods that learn from their own draws alone need 1."""
    top_p: float = Field(gt=0, le=1)
    """Sample from the smallest set of tokens with this total probability; 1 keeps all."""
    top_k: int = Field(ge=0)
    """Sample from this many of the likeliest tokens; 0 keeps all."""
    min_p: float = Field(ge=0, lt=1)
    """Sample from tokens with at least this share of the likeliest token's probability; 0 keeps all."""
    repetition_penalty: float = Field(gt=0)
    """Penalty on tokens of prompt and response, as in transformers; 1 changes nothing."""
    max_new_tokens: int = Field(gt=0)
    """Longest response; one that reaches it is cut, keeps no end, and is never taught to stop there."""

    @property
    def is_plain(self) -> bool:
        """Whether tokens are drawn from the model's own distribution, unchanged."""
        changes = (self.temperature, self.top_p, self.top_k, self.min_p, self.repetition_penalty)
        return changes == (1.0, 1.0, 0, 0.0, 1.0)


class OracleSection(Section):
    """Who labels drawn responses."""

    name: NonEmpty
    """Name of an oracle, a file of `benchbench/oracles/`."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The oracle's own options."""


class SelectorSection(Section):
    """Which drawn responses become training rows."""

    name: NonEmpty
    """Name of a selector, a file of `benchbench/selectors/`."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The selector's own options."""
