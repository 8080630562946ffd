"""The behaviour: log-probabilities under the policy that drew each response, which ratios of probabilities need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import Fault
from benchbench.core.input import DrawnRows, Input, Pass
from benchbench.core.method import Method, Need

if TYPE_CHECKING:
    from benchbench.core.scores import Logps
    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """No further stage: the policy is asked when it has drawn."""
    return {}


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """A recipe that draws nothing."""
    if recipe.online is not None:
        return []
    return [Fault("online", f"required, not given: '{method.name}' is trained on responses that the policy draws")]


def load(context: StageContext[Any], need: Need) -> None:
    """Nothing: rows of a split were drawn by nobody."""
    raise LookupError(f"{context.spec.title}: rows of a split have no policy that drew them")


def tensor(nothing: None, forward: Pass) -> Logps:
    """Of drawn rows alone; see `drawn`."""
    raise LookupError("rows of a split have no policy that drew them")


def drawn(rows: DrawnRows, forward: Pass) -> Logps:
    """[B, K, T] log-probabilities when the rows were drawn; where that is now, the policy's own without gradient."""
    import torch

    from benchbench.core.scores import Logps

    batch = forward.batch
    stored = rows.behaviour(batch)
    if stored is not None:
        return Logps(stored.to(forward.dtype), batch.response)
    with torch.no_grad():
        return Logps(forward.policy.logps(forward.dtype).token.detach(), batch.response)


INPUT = Input(name="behaviour", plan=plan, faults=faults, load=load, tensor=tensor, drawn=drawn)
