"""Input: what a method's loss reads besides the policy, from the plan to a tensor of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from benchbench.core.errors import Fault
from benchbench.core.method import Method, Need

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from benchbench.core.batch import CandidateBatch


@dataclass(frozen=True)
class Pass:
    """One forward pass of the policy, from which an input makes its tensor."""

    batch: CandidateBatch
    policy: Any
    """`models.states.ResponseStates`: the policy's states that predict the response tokens, with their gradient."""
    model: Any
    """The policy."""
    dtype: torch.dtype
    """Of what the loss reads."""
    head: Tensor | None = None
    """[B, K, T, O] or [B, K, O] what the trained head gives, with its gradient; none where the method has no head."""


@runtime_checkable
class Moving(Protocol):
    """What training carries from step to step besides the policy, and a checkpoint holds."""

    def state(self) -> Mapping[str, Tensor]:
        """Name -> tensor of everything that a resumed run needs."""
        ...

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` gave."""
        ...

    def end_step(self, step: int, policy: Any) -> None:
        """Follow the policy, whose optimizer step of that number, counted from 1, is done."""
        ...


@runtime_checkable
class SecondPolicy(Protocol):
    """What an input trains beside the policy, as large as it; the two are one module to optimizer and checkpoint."""

    @property
    def model(self) -> Any:
        """The second model, with its gradient."""
        ...

    def shares(self, carried: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """[] shares of the learning rate that policy and model have at a step, from what the method carries."""
        ...

    def is_kept(self, carried: Mapping[str, Tensor]) -> bool:
        """Whether the model is the trained policy at the end, and the policy is let go."""
        ...


class DrawnRows(Protocol):
    """Rows that a stage draws while it trains, and what goes with them."""

    @property
    def reference(self) -> Any:
        """The frozen anchor in memory.

        Raises:
            LookupError: nothing that was planned reads it.
        """
        ...

    def behaviour(self, batch: CandidateBatch) -> Tensor | None:
        """[B, K, T] log-probabilities under the policy that drew the rows, zero off the response.

        None where that is the policy as it is now.
        """
        ...

    def values(self, batch: CandidateBatch) -> Tensor | None:
        """[B, K, T] the head's first output when the rows were drawn, zero off the response; none as above."""
        ...


@dataclass(frozen=True, kw_only=True)
class Input:
    """One exhibit of the inputs room: a `Need` of methods, and everything that serves it.

    A method that declares the need has the stages of `plan` before its own, gets what `load` reads from them, and its
    loss finds what `tensor` gives under the field of `Scores` that has the need's name.
    """

    name: str
    """Name of the need; equals the file name."""
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What a method may say of the need: option -> values that it may have; an empty tuple takes any."""
    plan: Callable[[Any, Need], Mapping[str, str]]
    """(roles, need) -> input name -> key of each stage that the preference stage reads for it.

    `roles` is `plan.roles.Roles`: the stages of the cell that can be asked for."""
    faults: Callable[[Any, Method, Need], list[Fault]]
    """(recipe, method, need) -> what of the recipe contradicts the need."""
    load: Callable[[Any, Need], Any]
    """(context of the preference stage, need) -> what `tensor` reads; where that is `Moving`, it follows the steps."""
    tensor: Callable[[Any, Pass], Any]
    """(what `load` gave, a pass of the policy) -> the field of `Scores`, [B, K] or as the need says."""
    drawn: Callable[[DrawnRows, Pass], Any] | None = None
    """(rows that are drawn while training, a pass of the policy) -> the field of `Scores` for such rows, of which
    nothing could be computed beforehand; none where the need cannot be served for them."""
    prefix: str = ""
    """What the names of its inputs begin with, where `plan` gives several; else the input has the need's name."""
    has_gradient: bool = False
    """Whether the tensor depends on the policy's weights, and the loss's gradient goes through it."""

    def check_options(self, need: Need) -> None:
        """Return only if every option that a method gives is one of the need's.

        Raises:
            ValueError: a method with an option, or a value of one, that nothing reads.
        """
        for option, value in need.options:
            known = self.options.get(option)
            if known == ():
                continue
            if known is None or value not in known:
                expected = ", ".join(known) if known else ", ".join(self.options) or "no options"
                raise ValueError(f"need '{self.name}': expected {expected}, got {option}={value}")
