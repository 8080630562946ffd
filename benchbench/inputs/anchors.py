"""Further anchors: log-probabilities of the training pairs under frozen policies that the recipe names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import Fault
from benchbench.core.input import Input, Pass
from benchbench.core.method import Method, Need

if TYPE_CHECKING:
    from benchbench.core.scores import Logps
    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext

NAMES = "names"
"""Option: the names that the loss reads, separated by commas; `any` for one or more of whatever name."""
PREFIX = "anchors."
"""Begins the name of each input."""
Values = Mapping[str, Sequence[Sequence[float]]]
"""Example id -> for each candidate the log-probability of each response token, nats."""


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """The stages that score the training pairs under each anchor; another recipe's policy is trained before."""
    section = roles.recipe.preference
    assert section is not None, "checked with the recipe"
    return {f"{PREFIX}{name}": roles.further_anchor(name, source) for name, source in section.anchors.items()}


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """Anchors that the method reads and the recipe does not name, or the other way round."""
    assert recipe.preference is not None, "checked with the recipe"
    named, wanted = list(recipe.preference.anchors), need.option(NAMES)
    example = "{recipe: dpo}, {policy: base} or {model_name_or_path: FOLDER}"
    if wanted == "any":
        if named:
            return []
        return [
            Fault("preference.anchors", f"'{method.name}' reads further policies, found none; name each: {example}")
        ]
    names = wanted.split(",")
    missing = [name for name in names if name not in named]
    unread = [name for name in named if name not in names]
    messages = [f"required by '{method.name}', not given; expected {example}" for _ in missing]
    absent = [Fault(f"preference.anchors.{name}", message) for name, message in zip(missing, messages, strict=True)]
    reads = f"'{method.name}' does not read it, it reads {', '.join(names)}"
    return absent + [Fault(f"preference.anchors.{name}", reads) for name in unread]


def load(context: StageContext[Any], need: Need) -> Mapping[str, Values]:
    """Name of each anchor -> what it gave to each response token."""
    from benchbench.store.rows import read_rows

    loaded: dict[str, Values] = {}
    for name in context.spec.inputs:
        if name.startswith(PREFIX):
            frame = read_rows(context.input(name)).sort_values(["example", "candidate"])
            grouped = frame.groupby("example")["token_logps"]
            loaded[name.removeprefix(PREFIX)] = {str(example): group.tolist() for example, group in grouped}
    return loaded


def tensor(loaded: Mapping[str, Values], forward: Pass) -> Mapping[str, Logps]:
    """Name -> [B, K, T] the anchor's log-probabilities where the batch has its response tokens."""
    from benchbench.batches.padded import spread
    from benchbench.core.scores import Logps

    batch = forward.batch
    return {name: Logps(spread(batch, logps, dtype=forward.dtype), batch.response) for name, logps in loaded.items()}


INPUT = Input(name="anchors", options={NAMES: ()}, prefix=PREFIX, plan=plan, faults=faults, load=load, tensor=tensor)
