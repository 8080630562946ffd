"""How probable label 1 is at each prompt, by a classifier that is fitted on the split's prompts before training.

The classifier is a logistic regression on the prompts' embeddings (`inputs.prompt_embedding`), to which both labels
weigh alike however many responses have them: probabilities of 1/2 everywhere say that both labels' prompts are alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchbench.core.errors import BenchError, Fault
from benchbench.core.input import Input, Pass
from benchbench.core.measurement import Array
from benchbench.core.method import Column, Method, Need
from benchbench.recipe.anchors import anchor_faults, anchor_input
from benchbench.stages.prompt_vectors import prompt_vectors

if TYPE_CHECKING:
    from torch import Tensor

    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext


@dataclass(frozen=True)
class PromptClasses:
    """What the classifier says of every example's prompt."""

    probabilities: Mapping[str, float]
    """Example id -> P(label 1 | prompt)."""


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """The stage of the reference, whose weights embed the prompts; none where that is the base model."""
    return anchor_input(roles)


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """A reference whose weights the preference stage cannot have."""
    return anchor_faults(recipe, method.name)


def load(context: StageContext[Any], need: Need) -> PromptClasses:
    """Fit the classifier on the split, as it is cut for training; a resumed run fits the same one again.

    Raises:
        BenchError: all responses have one label.
    """
    prompts = prompt_vectors(context)
    examples = context.tokenized(context.tokenizer(), on_empty=context.settings.on_empty_response).examples
    labelled = np.zeros((2, len(prompts.vectors)))  # how much of each label each prompt has
    for example in examples:
        label = float(example.columns[Column.LABEL.name])  # type: ignore[arg-type]  # a column per example
        labelled[:, prompts.places[example.id]] += 1 - label, label
    of_prompts = class_probabilities(prompts.vectors.double().numpy(), labelled)
    return PromptClasses({name: float(of_prompts[place]) for name, place in prompts.places.items()})


def class_probabilities(vectors: Array, labelled: Array) -> Array:
    """[N] P(label 1) of each prompt.

    Args:
        vectors: [N, E] of distinct prompts.
        labelled: [2, N] how many responses with label 0, and with label 1, each prompt has.

    Raises:
        BenchError: a label that no response has.
    """
    from benchbench.comparison.stats.linear_probe import fit_probe

    totals = labelled.sum(axis=1)
    if not totals.all():
        wanting = "undesirable (0)" if totals[1] else "desirable (1)"
        raise BenchError(
            f"column '{Column.LABEL.name}' of the split that is trained on: expected responses of both labels, found "
            f"none that is {wanting}; give both, or use bco, which compares no prompts"
        )
    weights = (labelled / totals[:, None]).ravel() * totals.sum() / 2
    classes = np.repeat([0, 1], len(vectors))
    return fit_probe(np.vstack([vectors, vectors]), classes, weights=weights).probabilities(vectors)[:, 1]


def tensor(loaded: PromptClasses, forward: Pass) -> Tensor:
    """[B] the probability at each example's prompt."""
    import torch

    from benchbench.core.batch import sent

    batch = forward.batch
    values = [loaded.probabilities[name] for name in batch.ids]
    return sent(torch.tensor(values, dtype=forward.dtype), batch.tokens.device)


INPUT = Input(name="prompt_class", plan=plan, faults=faults, load=load, tensor=tensor)
