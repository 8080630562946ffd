"""A reference that follows the policy: every so many steps a part of the policy's weights is mixed into it.

Gorbatovski et al. 2024 (arXiv:2404.09656), TR-DPO: every tau steps
reference <- alpha * policy + (1 - alpha) * reference. A method that declares it has the hyper-parameters
`ref_model_mixup_alpha` and `ref_model_sync_steps`, TRL's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import Fault
from benchbench.core.input import Input, Pass
from benchbench.core.method import Method, Need
from benchbench.recipe.anchors import ANCHOR_POLICY

if TYPE_CHECKING:
    from torch import Tensor

    from benchbench.core.scores import Logps
    from benchbench.plan.roles import Roles
    from benchbench.recipe.schema import Recipe
    from benchbench.stages.context import StageContext


class FollowingReference:
    """The reference in memory, and how it follows."""

    def __init__(self, model: Any, *, share: float, every: int) -> None:
        """A frozen model that takes the given share of the policy's weights after every so many steps."""
        self.model = model
        self._share, self._every = share, every

    def end_step(self, step: int, policy: Any) -> None:
        """Mix the policy's weights in, where it is time."""
        import torch

        if step % self._every:
            return
        from benchbench.models.policy_head import PolicyWithHead

        plain = policy.backbone if isinstance(policy, PolicyWithHead) else policy
        weights = dict(plain.named_parameters())
        with torch.no_grad():
            for name, weight in self.model.named_parameters():
                weight.lerp_(weights[name].detach().to(weight.dtype), self._share)

    def state(self) -> Mapping[str, Tensor]:
        """The reference's weights."""
        return {name: weight.detach() for name, weight in self.model.named_parameters()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a checkpoint's weights."""
        import torch

        with torch.no_grad():
            for name, weight in self.model.named_parameters():
                weight.copy_(state[name])


def plan(roles: Roles, need: Need) -> Mapping[str, str]:
    """The stage from whose weights the reference starts as the policy does."""
    policy = roles.first_policy()
    return {} if policy is None else {ANCHOR_POLICY: policy}


def faults(recipe: Recipe, method: Method, need: Need) -> list[Fault]:
    """A reference that does not start where the policy does, or has not the adapters that the policy trains."""
    if recipe.preference is None:
        return []
    if recipe.sft is None and recipe.preference.init_from is None:
        without = "the base model has none of the adapters that preference training begins with"
        message = f"'{method.name}' mixes the policy's weights into its reference, and {without}; add an sft section"
        return [] if recipe.lora is None else [Fault("lora", message)]
    first = "sft" if recipe.preference.init_from is None else "start"
    if recipe.preference.reference == first:
        return []
    message = f"expected {first}: the reference of '{method.name}' starts where the policy starts"
    return [Fault("preference.reference", f"{message}, got {recipe.preference.reference}")]


def load(context: StageContext[Any], need: Need) -> FollowingReference:
    """The reference in memory, equal to the policy before its first step."""
    from benchbench.stages.frozen import frozen_policy
    from benchbench.stages.preference.method import bound_method

    _, hyper = bound_method(context)
    model = frozen_policy(context, ANCHOR_POLICY)
    return FollowingReference(model, share=hyper.ref_model_mixup_alpha, every=hyper.ref_model_sync_steps)


def tensor(reference: FollowingReference, forward: Pass) -> Logps:
    """[B, K, T] log-probabilities under the reference as it is now, without gradient."""
    import torch

    from benchbench.models.logps import token_logps

    with torch.no_grad():
        return token_logps(reference.model, forward.batch, dtype=forward.dtype)


INPUT = Input(name="live_reference", plan=plan, faults=faults, load=load, tensor=tensor)
