"""Mismatched log-ratios: each response after the prompt of another example of the step, as in KTO's baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import Fault
from benchbench.core.input import Input, Pass
from benchbench.core.method import Method, Need
from benchbench.recipe.anchors import ANCHOR_POLICY, anchor_faults, anchor_input

if TYPE_CHECKING:
    import torch

    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """The SFT stage where it is the reference; its weights are loaded, since the partners are those of the step."""
    return anchor_input(roles)


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """An anchor whose weights the preference stage cannot have."""
    return anchor_faults(recipe, method.name)


def load(context: StageContext[Any], need: Need) -> Any:
    """The anchor's model in memory."""
    from benchbench.stages.frozen import frozen_policy

    return frozen_policy(context, ANCHOR_POLICY)


def tensor(anchor: Any, forward: Pass) -> torch.Tensor:
    """[B, K] summed log-ratio to the anchor of each mismatched response, nats, without gradient."""
    import torch

    from benchbench.models.logps import token_logps

    rows = forward.batch.mismatched
    assert rows is not None, "the batches of a method that declares this need have them"
    with torch.no_grad():
        ours = token_logps(forward.model, rows, dtype=forward.dtype).sum()
        return ours - token_logps(anchor, rows, dtype=forward.dtype).sum()


INPUT = Input(name="mismatched", plan=plan, faults=faults, load=load, tensor=tensor)
