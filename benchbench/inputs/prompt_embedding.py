"""Embeddings of prompts: the mean of the reference's last hidden states over each prompt, made once before training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import Fault
from benchbench.core.input import Input, Pass
from benchbench.core.method import Method, Need
from benchbench.recipe.anchors import anchor_faults, anchor_input
from benchbench.stages.prompt_vectors import PromptVectors, prompt_vectors

if TYPE_CHECKING:
    from torch import Tensor

    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """The SFT stage where it is the reference; its weights are loaded, since an embedding is of no use elsewhere."""
    return anchor_input(roles)


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """A reference whose weights the preference stage cannot have."""
    return anchor_faults(recipe, method.name)


def load(context: StageContext[Any], need: Need) -> PromptVectors:
    """The embedding of each prompt of the split."""
    return prompt_vectors(context)


def tensor(loaded: PromptVectors, forward: Pass) -> Tensor:
    """[B, E] the vector of each example's prompt."""
    import torch

    from benchbench.core.batch import sent

    batch = forward.batch
    rows = torch.tensor([loaded.places[name] for name in batch.ids])
    return sent(loaded.vectors[rows].to(forward.dtype), batch.tokens.device)


INPUT = Input(name="prompt_embedding", plan=plan, faults=faults, load=load, tensor=tensor)
