"""Quantities of whole next-token distributions: KL to an anchor either way, Jensen-Shannon, entropy, collision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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

QUANTITY = "quantity"
"""Option: which number of `models.distribution.QUANTITIES`."""
OF_THE_POLICY = ("entropy", "log_collision")
OF_BOTH = ("policy_first", "reference_first", "jensen_shannon")


@dataclass(frozen=True)
class Distributions:
    """What is needed for a number of each position."""

    quantity: str
    anchor: Any
    """The frozen model, in memory; none for a quantity of the policy alone."""


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """The SFT stage, where the quantity compares the policy with it; its weights are loaded, nothing is cached."""
    return {} if need.option(QUANTITY) in OF_THE_POLICY else anchor_input(roles)


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """An anchor whose weights the preference stage cannot have."""
    return [] if need.option(QUANTITY) in OF_THE_POLICY else anchor_faults(recipe, method.name)


def load(context: StageContext[Any], need: Need) -> Distributions:
    """The anchor's model in memory."""
    from benchbench.stages.frozen import frozen_policy

    quantity = need.option(QUANTITY)
    return Distributions(quantity, None if quantity in OF_THE_POLICY else frozen_policy(context, ANCHOR_POLICY))


def tensor(loaded: Distributions, forward: Pass) -> torch.Tensor:
    """[B, K, T] the quantity at the position that predicts each response token, nats; zero elsewhere."""
    import torch

    from benchbench.models.distribution import distribution_quantity
    from benchbench.models.logps import response_states

    states = None
    if loaded.anchor is not None:
        with torch.no_grad():
            states = response_states(loaded.anchor, forward.batch)
    values = distribution_quantity(loaded.quantity, forward.policy, states, forward.dtype)
    return forward.policy.placed(values)


INPUT = Input(
    name="distribution",
    options={QUANTITY: (*OF_THE_POLICY, *OF_BOTH)},
    plan=plan,
    faults=faults,
    load=load,
    tensor=tensor,
    has_gradient=True,
)
