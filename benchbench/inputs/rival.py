"""A rival: a second copy of the policy that is trained beside it, the two at different speeds.

A method that declares it carries `policy_is_fast`, 1 while the policy has the fast role and 0 while its rival has it,
and has the hyper-parameter `slow_rate`, the slow one's share of the learning rate. The fast one is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import Fault
from benchbench.core.input import Input, Pass
from benchbench.core.method import Method, Need

if TYPE_CHECKING:
    from torch import Tensor

    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext

ROLE = "policy_is_fast"
"""Name of the carried number that says whose role is whose."""


@dataclass(frozen=True)
class Rival:
    """The second copy, and how much slower the slow one of the two is."""

    model: Any
    slow_rate: float
    """Share of the learning rate."""

    def shares(self, carried: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """[] of the policy and of its rival: 1 for whoever has the fast role."""
        role = carried[ROLE]
        return role + (1 - role) * self.slow_rate, (1 - role) + role * self.slow_rate

    def is_kept(self, carried: Mapping[str, Tensor]) -> bool:
        """Whether the rival has the fast role."""
        return bool(carried[ROLE] < 0.5)


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """No further stage: it starts where the policy does."""
    return {}


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """None: every policy has a copy."""
    return []


def load(context: StageContext[Any], need: Need) -> Rival:
    """A copy of the policy before its first step, adapters and all."""
    from benchbench.stages.preference.method import bound_method
    from benchbench.stages.preference.run import start_policy

    _, hyper = bound_method(context)
    return Rival(start_policy(context, context.tokenizer()).to(context.device), hyper.slow_rate)


def tensor(rival: Rival, forward: Pass) -> Tensor:
    """[B, K, T] log-probabilities under the rival, with its gradient; zero off the response."""
    from benchbench.models.logps import token_logps

    return token_logps(rival.model, forward.batch, dtype=forward.dtype).token


INPUT = Input(name="rival", plan=plan, faults=faults, load=load, tensor=tensor, has_gradient=True)
