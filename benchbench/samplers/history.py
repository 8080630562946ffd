"""Responses of the policy beside those of the policies of the latest rounds, so that a policy meets its past ones."""

from __future__ import annotations

from dataclasses import dataclass

from benchbench.core.ranges import require_at_least, require_at_least_zero
from benchbench.core.sampler import HISTORY, POLICY, Arm, Sampler
from benchbench.samplers._halves import halves


@dataclass(frozen=True)
class Options:
    """Which policies, and how the responses are shared.

    Raises:
        ValueError: a number out of its range.
    """

    last: int = 3
    """Latest rounds whose starting policies may draw, >= 1; the round's own is the first of them."""
    history_samples: int = 0
    """Responses of those policies among `num_samples`; 0 takes half of them, rounded down."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "last")
        require_at_least_zero(self, "history_samples")


def arms(options: Options, num_samples: int) -> tuple[Arm, ...]:
    """The arm of the policy, then that of the history.

    Raises:
        ValueError: too few responses for two arms.
    """
    policy, history = halves("history", num_samples, options.history_samples)
    return (Arm("policy", policy, {POLICY: 1.0}), Arm("history", history, {HISTORY: 1.0}, options.last))


SAMPLER = Sampler(name="history", options=Options, arms=arms)
