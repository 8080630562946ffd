"""What goes through training beside a policy: numbers that a method carries, and a head that it trains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from benchbench.core.scores import Scores


@dataclass(frozen=True, kw_only=True)
class Carried:
    """Numbers of a method that live from step to step: running means, multipliers; they are in every checkpoint.

    `advance` sees the detached scores of the whole step, so it does the same however the step is cut.
    """

    start: Callable[[Any], Mapping[str, float]]
    """hyper -> name -> value before the first step."""
    advance: Callable[[Scores, Any], Mapping[str, Tensor]]
    """(scores of the step, with the values so far, hyper) -> name -> the new value; a scalar, or [B] if per example."""
    per_example: frozenset[str] = frozenset()
    """Names with one value for each example of the split, such as a multiplier."""
    when: Literal["before_loss", "after_step"] = "before_loss"
    """Whether the step's own loss reads the advanced values, or those that the steps before it left."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """A small trainable layer on hidden states, drawn from the seed and trained beside the policy."""

    outputs: Callable[[Any], int]
    """hyper -> O, numbers per place."""
    place: Literal["tokens", "response"]
    """Each state that predicts a response token, or the one that predicts the response's last token."""
    reads: Literal["policy", "reference"] = "policy"
    """Whose hidden states; those of the reference have no gradient."""
    through: bool = True
    """Let the head's gradient reach the policy."""
    rate: Callable[[Any], float] = lambda hyper: 1.0
    """hyper -> learning rate of the head over that of the policy."""
