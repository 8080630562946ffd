"""The reference: log-probabilities of the training pairs under a frozen anchor, computed once for all methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import Fault
from benchbench.core.input import DrawnRows, Input, Pass
from benchbench.core.method import Method, Need
from benchbench.recipe.anchors import RoundAnchor

if TYPE_CHECKING:
    from benchbench.core.scores import Logps
    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext

ANCHOR = "anchor"
"""Option of the need: `sft`, `base`, or `before`, the policy that the round before started from; without it the
recipe's `preference.reference` says which policy it is."""


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """The stage that scores the training pairs under the anchor."""
    anchor = _anchor(roles.recipe, need)
    if isinstance(anchor, RoundAnchor):
        return {INPUT.name: roles.anchor(roles.policy_left_by(anchor.round))}
    if anchor == "previous":
        return {INPUT.name: roles.anchor(roles.previous_policy)}
    if anchor == "before":
        return {INPUT.name: roles.anchor(roles.policy_before)}
    if anchor == "start":
        return {INPUT.name: roles.anchor(roles.first_policy())}
    return {INPUT.name: roles.anchor(roles.sft() if anchor == "sft" else None)}


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """A policy as the anchor that the recipe has not."""
    if recipe.sft is not None or _anchor(recipe, need) != "sft":
        return []
    if not need.option(ANCHOR):
        return [Fault("preference.reference", "expected base, since the recipe has no sft stage, got sft")]
    return [
        Fault(
            "sft",
            f"required, not given: method '{method.name}' says of its reference {ANCHOR}=sft, whatever "
            "preference.reference is; add an sft section, or take another method",
        )
    ]


def load(context: StageContext[Any], need: Need) -> Mapping[str, Sequence[Sequence[float]]]:
    """Example id -> for each candidate the anchor's log-probability of each response token, in nats."""
    from benchbench.store.rows import read_rows

    frame = read_rows(context.input(INPUT.name)).sort_values(["example", "candidate"])
    return {str(name): group.tolist() for name, group in frame.groupby("example")["token_logps"]}


def tensor(logps: Mapping[str, Sequence[Sequence[float]]], forward: Pass) -> Logps:
    """[B, K, T] the anchor's log-probabilities where the batch has its response tokens."""
    from benchbench.batches.padded import spread
    from benchbench.core.scores import Logps

    return Logps(spread(forward.batch, logps, dtype=forward.dtype), forward.batch.response)


def drawn(rows: DrawnRows, forward: Pass) -> Logps:
    """[B, K, T] the log-probabilities of drawn rows under the anchor in memory, without gradient."""
    import torch

    from benchbench.models.logps import token_logps

    with torch.no_grad():
        return token_logps(rows.reference, forward.batch, dtype=forward.dtype)


def _anchor(recipe: Recipe, need: Need) -> str | RoundAnchor:
    assert recipe.preference is not None, "checked with the recipe"
    return need.option(ANCHOR) or recipe.preference.reference


INPUT = Input(
    name="reference",
    options={ANCHOR: ("sft", "base", "before")},
    plan=plan,
    faults=faults,
    load=load,
    tensor=tensor,
    drawn=drawn,
)
