"""Responses of the policy beside those of its geometric mixture with the reference, the opponent of Nash-MD.

The mixture is policy^(1-m) reference^m, token by token and normalised (arXiv:2312.00886): the next token is drawn from
softmax((1-m) log policy + m log reference).
"""

from __future__ import annotations

from dataclasses import dataclass

from benchbench.core.ranges import require_at_least_zero, require_within
from benchbench.core.sampler import POLICY, REFERENCE, Arm, Sampler
from benchbench.samplers._halves import halves


@dataclass(frozen=True)
class Options:
    """The mixture, and how the responses are shared.

    Raises:
        ValueError: a value out of its range.
    """

    m: float = 0.5
    """Weight of the reference, in [0, 1]; 0 is the policy against itself."""
    mixture_samples: int = 0
    """Responses of the mixture among `num_samples`; 0 takes half of them, rounded down."""

    def __post_init__(self) -> None:
        require_within(self, "m", "[0, 1]", what="weight")
        require_at_least_zero(self, "mixture_samples")


def arms(options: Options, num_samples: int) -> tuple[Arm, ...]:
    """The arm of the policy, then that of the mixture.

    Raises:
        ValueError: too few responses for two arms.
    """
    policy, mixture = halves("nash_mixture", num_samples, options.mixture_samples)
    weights = {POLICY: 1 - options.m, REFERENCE: options.m}
    return (
        Arm("policy", policy, {POLICY: 1.0}),
        Arm("mixture", mixture, {model: weight for model, weight in weights.items() if weight != 0}),
    )


SAMPLER = Sampler(name="nash_mixture", options=Options, arms=arms)
