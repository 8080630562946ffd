"""Vectors of a split's prompts under the frozen anchor, made once when a stage begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchbench.recipe.anchors import ANCHOR_POLICY

if TYPE_CHECKING:
    from torch import Tensor

    from benchbench.stages.context import StageContext


@dataclass(frozen=True)
class PromptVectors:
    """What is kept of the prompts; the model that embedded them is not."""

    places: Mapping[str, int]
    """Example id -> row of its prompt; examples of one prompt share theirs."""
    vectors: Tensor
    """[N, E] of the distinct prompts, on the host."""


def prompt_vectors(context: StageContext[Any]) -> PromptVectors:
    """The embedding of each prompt of the split, as it is cut for training; a resumed run makes the same ones again.

    Where the data give each candidate a prompt of its own, it is that of the first.
    """
    from benchbench.models.prompt_embedding import embedded
    from benchbench.stages.frozen import frozen_policy

    tokenizer = context.tokenizer()
    examples = context.tokenized(tokenizer, on_empty=context.settings.on_empty_response).examples
    rows: dict[tuple[int, ...], int] = {}
    places: dict[str, int] = {}
    for example in examples:
        first = example.candidates[0]
        prompt = tuple(int(token) for token in first.tokens[: max(1, first.prompt_length)])
        places[example.id] = rows.setdefault(prompt, len(rows))
    model = frozen_policy(context, ANCHOR_POLICY)
    return PromptVectors(places, embedded(model, list(rows), pad=tokenizer.pad_token_id))
