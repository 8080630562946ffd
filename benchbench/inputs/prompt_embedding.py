"""Embeddings of prompts: the mean of the reference's last hidden states over each prompt, made once before training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import Fault
from benchbench.core.input import Input, Pass
from benchbench.core.method import Method, Need
from benchbench.recipe.anchors import ANCHOR_POLICY, anchor_faults, anchor_input

if TYPE_CHECKING:
    from torch import Tensor

    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext


@dataclass(frozen=True)
class PromptVectors:
    """What is kept of the prompts; the model that embedded them is not."""

    places: Mapping[str, int]
    """Example id -> row of its prompt; examples of one prompt share theirs."""
    vectors: Tensor
    """[N, E] of the distinct prompts, on the host."""


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """The SFT stage where it is the reference; its weights are loaded, since an embedding is of no use elsewhere."""
    return anchor_input(roles)


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """A reference whose weights the preference stage cannot have."""
    return anchor_faults(recipe, method.name)


def load(context: StageContext[Any], need: Need) -> PromptVectors:
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


def tensor(loaded: PromptVectors, forward: Pass) -> Tensor:
    """[B, E] the vector of each example's prompt."""
    import torch

    from benchbench.core.batch import sent

    batch = forward.batch
    rows = torch.tensor([loaded.places[name] for name in batch.ids])
    return sent(loaded.vectors[rows].to(forward.dtype), batch.tokens.device)


INPUT = Input(name="prompt_embedding", plan=plan, faults=faults, load=load, tensor=tensor)
