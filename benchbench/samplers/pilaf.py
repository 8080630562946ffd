"""Responses of two policies on either side of the policy, seen from the reference (PILAF, arXiv:2502.04270).

One arm draws from policy^(1+beta) reference^(-beta), the other from policy^(1-beta) reference^beta, token by token and
normalised, so that a comparison of the two says most about the direction in which the policy moves.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchbench.core.ranges import require, require_above_zero, require_at_least_zero
from benchbench.core.sampler import POLICY, REFERENCE, Arm, Sampler


@dataclass(frozen=True)
class Options:
    """How far the two lie from the policy, and how many responses are plain.

    Raises:
        ValueError: a value out of its range.
    """

    beta: float = 0.1
    """Distance of the two in the exponents, > 0; in the paper it is the beta of the loss, which is not read here: write
    `method.hyper.beta` again where it is another than DPO's 0.1."""
    policy_samples: int = 0
    """Responses of the policy itself among `num_samples`, which come first; the rest is shared evenly by the two."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "policy_samples")


def arms(options: Options, num_samples: int) -> tuple[Arm, ...]:
    """The arm of the policy where it has responses, that beyond the policy, that between it and the reference.

    Raises:
        ValueError: the rest is not an even number of 2 or more.
    """
    rest = num_samples - options.policy_samples
    expected = f"sampler pilaf's {options.policy_samples} of the policy and an even number of 2 or more besides"
    require(rest >= 2 and rest % 2 == 0, "num_samples", expected, num_samples)
    plain = (Arm("policy", options.policy_samples, {POLICY: 1.0}),) if options.policy_samples else ()
    ahead = {POLICY: 1 + options.beta, REFERENCE: -options.beta}
    behind = {POLICY: 1 - options.beta, REFERENCE: options.beta}
    return (*plain, Arm("ahead", rest // 2, ahead), Arm("behind", rest // 2, behind))


SAMPLER = Sampler(
    name="pilaf",
    options=Options,
    arms=arms,
    open_question=(
        "The exponents are from memory of the paper; whether it restricts tokens, which the negative weight may need, "
        "was not read. It draws half of the pairs from the policy alone; here a prompt has responses of each arm."
    ),
)
