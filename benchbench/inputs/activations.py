"""Activations of the reference: its layers' mean states where they predict the response tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import BenchError, Fault
from benchbench.core.input import Input, Pass
from benchbench.core.method import Method, Need
from benchbench.recipe.anchors import ANCHOR_POLICY, anchor_faults, anchor_input

if TYPE_CHECKING:
    from torch import Tensor

    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """The SFT stage where it is the reference; its weights are loaded, nothing is cached."""
    return anchor_input(roles)


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """A reference whose weights the preference stage cannot have."""
    return anchor_faults(recipe, method.name)


def load(context: StageContext[Any], need: Need) -> Any:
    """The reference in memory.

    Raises:
        BenchError: a model whose decoder layers stand in no list, so that nobody can say which they are.
    """
    from benchbench.models.activations import decoder_layers
    from benchbench.models.logps import unwrap
    from benchbench.stages.frozen import frozen_policy

    reference = frozen_policy(context, ANCHOR_POLICY)
    if decoder_layers(unwrap(reference)) is None:
        raise BenchError(
            f"{context.spec.title}: expected a model with its decoder layers in a list, whose activations the method "
            f"reads, found {type(unwrap(reference)).__name__}; take another model, or sparse_po, which reads the last "
            "hidden state"
        )
    return reference


def tensor(reference: Any, forward: Pass) -> Mapping[str, Tensor]:
    """Name of each layer -> [B, K, T] mean over the layer's width, zero off the response."""
    from benchbench.models.activations import layer_activations

    return layer_activations(reference, forward.batch, forward.dtype)


INPUT = Input(name="activations", plan=plan, faults=faults, load=load, tensor=tensor)
