"""No draw: the split's own candidates stand where drawn responses would, so that a round can be offline training."""

from __future__ import annotations

from dataclasses import dataclass

from benchbench.core.ranges import require_at_least_zero
from benchbench.core.rollout import DATA
from benchbench.core.sampler import Arm, Sampler


@dataclass(frozen=True)
class Options:
    """How many of the candidates.

    Raises:
        ValueError: a number below 0.
    """

    candidates: int = 0
    """The first so many candidates of every example; 0 takes all of them."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "candidates")


def arms(options: Options, num_samples: int) -> tuple[Arm, ...]:
    """The arm of the split's candidates; `num_samples` is not read, since nothing is drawn."""
    return (Arm(DATA, options.candidates, {}),)


SAMPLER = Sampler(name="data", options=Options, arms=arms)
