"""The policy that the round starts from, as a frozen anchor: its log-probabilities of the training responses.

Where a recipe has no rounds there is one round, and it starts where training does: the policy of
`preference.init_from`, or else the SFT policy, or the base model where the recipe has none. So a method that declares
it may be trained on a split, where this and a reference of `sft`, or of `start`, are the same numbers, scored once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import Fault
from benchbench.core.input import Input, Pass
from benchbench.core.method import Method, Need
from benchbench.recipe.anchors import RoundAnchor

if TYPE_CHECKING:
    from benchbench.core.scores import Logps
    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext


START = "start"
"""Value of the option `reference`: the reference must be the policy that the first round starts from."""


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """The stage that scores the training responses under that policy."""
    return {INPUT.name: roles.anchor(roles.previous_policy)}


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """A reference that is the same policy, or another one than the method is derived for."""
    anchored = method.need("reference")
    if anchored is None or anchored.option("anchor"):
        return []
    assert recipe.preference is not None, "checked with the recipe"
    reference = recipe.preference.reference
    first = "sft" if recipe.sft is not None else "base"
    if recipe.preference.init_from is not None:
        first = "start"
    if need.option("reference") == START and reference != first:
        message = f"expected {first}: '{method.name}' is derived for the policy that all rounds start from"
        return [Fault("preference.reference", f"{message}, got {reference}")]
    if (reference == "previous" or isinstance(reference, RoundAnchor)) and recipe.rounds is not None:
        message = f"'{method.name}' compares its reference with the policy that the round starts from"
        return [Fault("preference.reference", f"expected sft or base, since {message}; {reference} would be both")]
    return []


def load(context: StageContext[Any], need: Need) -> Mapping[str, Sequence[Sequence[float]]]:
    """Example id -> for each candidate the policy's log-probability of each response token, in nats."""
    from benchbench.store.rows import read_rows

    frame = read_rows(context.input(INPUT.name)).sort_values(["example", "candidate"])
    return {str(name): group.tolist() for name, group in frame.groupby("example")["token_logps"]}


def tensor(logps: Mapping[str, Sequence[Sequence[float]]], forward: Pass) -> Logps:
    """[B, K, T] the policy's log-probabilities where the batch has its response tokens."""
    from benchbench.batches.padded import spread
    from benchbench.core.scores import Logps

    return Logps(spread(forward.batch, logps, dtype=forward.dtype), forward.batch.response)


INPUT = Input(name="previous", options={"reference": (START,)}, plan=plan, faults=faults, load=load, tensor=tensor)
