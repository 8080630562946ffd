"""Sections of the second half of a claim: responses drawn from each policy, and who judges them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from benchbench.core.identity import Since
from benchbench.recipe.section import Section

NonEmpty = Annotated[str, Field(min_length=1)]


class GenerateSection(Section):
    """Responses drawn from each policy; every sampling field is required, since engines have different defaults."""

    split: NonEmpty
    """Split whose prompts are answered."""
    num_prompts: int | None = Field(default=None, gt=0)
    """Number of prompts: the first ones of the split, without repeated ones; none takes all."""
    num_samples: int = Field(default=1, gt=0)
    """Responses to each prompt."""
    engine: Literal["auto", "vllm", "transformers"] = "auto"
    """`auto` uses vLLM where it is installed and works; rows name the engine that was used."""
    dtype: Literal["float32", "bfloat16"]
    """Precision of weights and activations."""
    max_new_tokens: int = Field(gt=0)
    """Longest response; a prompt that leaves no room for it in the model's context is an error and is never cut. With
    `tool_calls` it is the longest turn of a response."""
    temperature: float = Field(ge=0)
    """0 is greedy decoding, whose win rates are not comparable with those of sampling."""
    top_p: float = Field(gt=0, le=1)
    """Sample from the smallest set of tokens with this total probability; 1 keeps all."""
    top_k: int = Field(ge=0)
    """Sample from this many of the likeliest tokens; 0 keeps all."""
    min_p: float = Field(ge=0, lt=1)
    """Sample from tokens with at least this share of the likeliest token's probability; 0 keeps all."""
    repetition_penalty: float = Field(gt=0)
    """Penalty on tokens of prompt and response, as in transformers; 1 changes nothing."""
    stop_tokens: tuple[NonEmpty, ...] = ()
    """Tokens that end a response besides EOS, such as an end-of-turn mark. An empty list means those of the model's
    generation_config.json and the one that the template writes after an assistant's turn; to stop at EOS alone, name
    EOS here."""
    max_num_seqs: int = Field(default=64, gt=0)
    """Responses drawn at the same time; it changes batches, and so may change an argmax in bfloat16."""
    tool_calls: Annotated[int, Field(ge=0), Since("2026-11-30", before=0)] = 0
    """Calls of the tool of `data.source` in a response that are answered, at most; a response that calls once more is
    cut there. 0 has no tool, so that a policy writes for itself what the tool would have written."""

    @model_validator(mode="after")
    def _greedy(self) -> Self:
        if self.temperature == 0 and (self.top_p, self.top_k, self.min_p) != (1.0, 0, 0.0):
            raise ValueError(
                "temperature: greedy decoding (0) reads neither top_p, top_k nor min_p; set 1.0, 0 and 0.0"
            )
        if self.temperature == 0 and self.num_samples > 1:
            greedy = "greedy decoding (temperature 0) has one response per prompt"
            raise ValueError(f"num_samples: {greedy}; expected 1, or a temperature above 0, got {self.num_samples}")
        return self


class JudgeSection(Section):
    """Who decides between two responses, and what a policy's responses are compared with."""

    name: NonEmpty
    """An exhibit of the judges room."""
    options: dict[str, Any] = Field(default_factory=dict)
    """The judge's own options; those that change no verdict, such as a rate limit, are no part of an identity."""
    against: tuple[Literal["baseline", "chosen", "each_other"], ...] = Field(
        default=("baseline", "chosen"), min_length=1
    )
    """`baseline`: the same seed's responses of the comparison's baseline; `chosen`: the data's preferred responses;
    `each_other`: every other row, for Bradley-Terry ratings."""
