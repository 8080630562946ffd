"""The value: what the critic, a head that is trained beside the policy, said of each token when it was drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import Fault
from benchbench.core.input import DrawnRows, Input, Pass
from benchbench.core.method import Method, Need

if TYPE_CHECKING:
    from torch import Tensor

    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """No further stage: the critic is part of the training."""
    return {}


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """A recipe that draws nothing, whose rows no critic saw."""
    if recipe.online is not None:
        return []
    message = f"required, not given: the critic of '{method.name}' learns from responses that the policy draws"
    return [Fault("online", message)]


def load(context: StageContext[Any], need: Need) -> None:
    """Nothing: no critic saw the rows of a split."""
    raise LookupError(f"{context.spec.title}: rows of a split have no critic's values")


def tensor(nothing: None, forward: Pass) -> Tensor:
    """Of drawn rows alone; see `drawn`."""
    raise LookupError("rows of a split have no critic's values")


def drawn(rows: DrawnRows, forward: Pass) -> Tensor:
    """[B, K, T] values when the rows were drawn; where that is now, the critic's own without gradient.

    Raises:
        LookupError: a method that reads values and has no head for each token.
    """
    if forward.head is None or forward.head.ndim != 4:
        raise LookupError("a method that reads values has a head with a number for each token")
    stored = rows.values(forward.batch)
    values = forward.head[..., 0].detach() if stored is None else stored
    return values.to(forward.dtype)


INPUT = Input(name="value", plan=plan, faults=faults, load=load, tensor=tensor, drawn=drawn)
