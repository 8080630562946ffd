"""Every response from a weighted geometric mixture of policy, reference and the round before's policy."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchbench.core.ranges import require
from benchbench.core.sampler import POLICY, PREVIOUS, REFERENCE, Arm, Sampler


@dataclass(frozen=True)
class Options:
    """Exponents of the policies; they sum to 1 and may be negative.

    Raises:
        ValueError: a weight that is no finite number, or another sum.
    """

    policy: float = 1.0
    """Of the policy that the round starts from."""
    reference: float = 0.0
    """Of the fixed policy that the first round starts from."""
    previous: float = 0.0
    """Of the policy that the round before started from."""

    def __post_init__(self) -> None:
        for name in ("policy", "reference", "previous"):
            require(math.isfinite(getattr(self, name)), name, "a finite number", getattr(self, name))
        total = self.policy + self.reference + self.previous
        require(abs(total - 1) <= 1e-9, "policy, reference, previous", "weights that sum to 1", f"{total:g}")


def arms(options: Options, num_samples: int) -> tuple[Arm, ...]:
    """A single arm of `num_samples` responses; a model of weight 0 is not held."""
    weights = {POLICY: options.policy, REFERENCE: options.reference, PREVIOUS: options.previous}
    return (Arm("mixture", num_samples, {model: weight for model, weight in weights.items() if weight != 0}),)


SAMPLER = Sampler(name="geometric_mixture", options=Options, arms=arms)
