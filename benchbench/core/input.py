"""Input: what a method's loss reads besides the policy, from the plan to a tensor of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import Fault
from benchbench.core.method import Method, Need

if TYPE_CHECKING:
    import torch

    from benchbench.core.batch import CandidateBatch


@dataclass(frozen=True, kw_only=True)
class Input:
    """One exhibit of the inputs room: a `Need` of methods, and everything that serves it.

    A method that declares the need has the stages of `plan` before its own, gets what `load` reads from them, and its
    loss finds what `tensor` gives under the field of `Scores` that has the need's name.
    """

    name: str
    """Name of the need; equals the file name."""
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What a method may say of the need: option -> values that it may have."""
    plan: Callable[[Any, Need], Mapping[str, str]]
    """(roles, need) -> input name -> key of each stage that the preference stage reads for it.

    `roles` is `plan.roles.Roles`: the stages of the cell that can be asked for."""
    faults: Callable[[Any, Method, Need], list[Fault]]
    """(recipe, method, need) -> what of the recipe contradicts the need."""
    load: Callable[[Any, Need], Any]
    """(context of the preference stage, need) -> what `tensor` reads."""
    tensor: Callable[[Any, CandidateBatch, torch.dtype], Any]
    """(what `load` gave, batch, dtype) -> the field of `Scores`, [B, K] or as the need says."""

    def check_options(self, need: Need) -> None:
        """Return only if every option that a method gives is one of the need's.

        Raises:
            ValueError: a method with an option, or a value of one, that nothing reads.
        """
        for option, value in need.options:
            known = self.options.get(option)
            if known is None or value not in known:
                expected = ", ".join(known) if known else ", ".join(self.options) or "no options"
                raise ValueError(f"need '{self.name}': expected {expected}, got {option}={value}")
