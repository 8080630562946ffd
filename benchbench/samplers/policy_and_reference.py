"""Responses of the policy beside responses of the fixed reference, as XPO compares them.

Exploratory preference optimisation (arXiv:2405.21046) draws one of each and adds the log-probability of the reference's
response to its loss.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchbench.core.ranges import require_at_least_zero
from benchbench.core.sampler import POLICY, REFERENCE, Arm, Sampler
from benchbench.samplers._halves import halves


@dataclass(frozen=True)
class Options:
    """How the responses are shared.

    Raises:
        ValueError: a number below 0.
    """

    reference_samples: int = 0
    """Responses of the reference among `num_samples`; 0 takes half of them, rounded down."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "reference_samples")


def arms(options: Options, num_samples: int) -> tuple[Arm, ...]:
    """The arm of the policy, then that of the reference.

    Raises:
        ValueError: too few responses for two arms.
    """
    policy, reference = halves("policy_and_reference", num_samples, options.reference_samples)
    return (Arm("policy", policy, {POLICY: 1.0}), Arm("reference", reference, {REFERENCE: 1.0}))


SAMPLER = Sampler(name="policy_and_reference", options=Options, arms=arms)
