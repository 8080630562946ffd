"""Plain sampling: every response is drawn from the policy that the round starts from."""

from __future__ import annotations

from dataclasses import dataclass

from benchbench.core.sampler import POLICY, Arm, Sampler


@dataclass(frozen=True)
class Options:
    """There are none: the number of responses and how they are drawn are the recipe's."""


def arms(options: Options, num_samples: int) -> tuple[Arm, ...]:
    """A single arm of `num_samples` responses."""
    return (Arm("policy", num_samples, {POLICY: 1.0}),)


SAMPLER = Sampler(name="policy", options=Options, arms=arms)
