"""Hyper-parameters of PPO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_one_of, require_within


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of PPO; the defaults are those of TRL 1.12.0, whose names are given where they differ."""

    kl_weight: float = 0.05
    """Reward taken off each token per nat of its KL to the reference, >= 0; `kl_coef` in TRL."""
    kl_estimator: Literal["k1", "k3"] = "k1"
    """What estimates a token's KL: its log-ratio d (`k1`, TRL's default), or exp(-d) - 1 + d (`k3`)."""
    gamma: float = 1.0
    """Discount of each token, in [0, 1]; TRL's default."""
    lam: float = 0.95
    """Decay of later errors of the critic in an advantage, in [0, 1]; TRL's default."""
    epsilon: float = 0.2
    """How far a token's ratio of probabilities counts beyond 1 on either side, > 0; `cliprange` in TRL. It moves
    nothing where each row is used once."""
    value_epsilon: float = 0.2
    """How far a value may move from the one at drawing before its loss stops counting the gain, > 0;
    `cliprange_value` in TRL. In the reward's unit."""
    value_weight: float = 0.1
    """Weight of the critic's squared error, > 0; `vf_coef` in TRL."""
    whiten_rewards: bool = False
    """Divide token rewards by their standard deviation over the step, the mean left where it is; TRL's default
    does not. Advantages are always whitened."""
    value_rate: float = 1.0
    """Learning rate of the critic over that of the policy, > 0; TRL's critic has the policy's."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "kl_weight")
        require_one_of(self, "kl_estimator", "k1", "k3")
        require_within(self, "gamma", "[0, 1]")
        require_within(self, "lam", "[0, 1]")
        require_above_zero(self, "epsilon", "value_epsilon", "value_weight", "value_rate")
