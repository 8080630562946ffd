"""Fresh responses: scores of what the policy draws at each step to the prompts of the step's examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import Fault
from benchbench.core.input import DrawnRows, Input, Pass
from benchbench.core.method import Method, Need

if TYPE_CHECKING:
    from benchbench.core.scores import Scores
    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """No further stage: `plan.online` gives the stage the reference in memory."""
    return {}


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """A recipe that draws nothing."""
    if recipe.online is not None:
        return []
    return [Fault("online", f"required, not given: '{method.name}' reads responses that the policy draws at each step")]


def load(context: StageContext[Any], need: Need) -> None:
    """Nothing: what is read is drawn step by step."""
    raise LookupError(f"{context.spec.title}: nothing is drawn without an online section")


def tensor(nothing: None, forward: Pass) -> Scores:
    """Of a stage that draws alone; see `drawn`."""
    raise LookupError("nothing is drawn without an online section")


def drawn(rows: DrawnRows, forward: Pass) -> Scores:
    """Scores of the fresh responses: the policy with its gradient, the frozen reference without."""
    import torch

    from benchbench.core.scores import Scores
    from benchbench.models.logps import token_logps

    batch = forward.batch.fresh
    assert batch is not None, "the loop puts the step's draws beside its examples"
    policy = token_logps(forward.model, batch, dtype=forward.dtype)
    with torch.no_grad():
        return Scores(policy, token_logps(rows.reference, batch, dtype=forward.dtype))


INPUT = Input(name="fresh", plan=plan, faults=faults, load=load, tensor=tensor, drawn=drawn, has_gradient=True)
