"""Hyper-parameters of GRPO, and the names of its loss types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from benchbench.core.policy_gradient import Scale
from benchbench.core.ranges import (
    require,
    require_above_zero,
    require_at_least_zero,
    require_finite_or_none,
    require_one_of,
)

LossType = Literal["grpo", "bnpo", "dapo", "dr_grpo", "cispo", "sapo", "vespo", "luspo"]
WITHOUT_CLIP = ("sapo", "vespo")
"""Types that weigh ratios smoothly, and read neither bounds nor a largest ratio."""


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of GRPO; the names are TRL's but for `kl_weight`."""

    kl_weight: float = 0.0
    """Weight of the KL to the reference, estimated per token (k3), >= 0; `beta` in TRL, and 0 there."""
    loss_type: LossType = "dapo"
    """How tokens count: `grpo`, `sapo` mean over a response's tokens, then over responses; `dapo`, `bnpo`, `cispo`,
    `vespo` mean over all tokens of the step; `dr_grpo` sum over `max_completion_length`; `luspo` sum. TRL's."""
    epsilon: float = 0.2
    """How far below 1 a ratio counts, > 0, and above, unless `epsilon_high` says otherwise; TRL's. No other value
    with `sapo` and `vespo`, nor with `cispo` and `epsilon_high`, which do not read it."""
    epsilon_high: float | None = None
    """How far above 1 a ratio counts, > 0; for `cispo` the largest ratio; none takes `epsilon`, as TRL does, and is the
    only value with `sapo` and `vespo`."""
    delta: float | None = None
    """Largest ratio where a negative advantage is not clipped, > 1; TRL's none has no largest, and is the only value
    with `cispo`, `sapo` and `vespo`."""
    importance_sampling_level: Literal["token", "sequence"] = "token"
    """A ratio for each token, or for each response: exp of its tokens' mean log-ratio (GSPO, arXiv:2507.18071).
    TRL's default."""
    scale_rewards: Scale = "group"
    """What centred rewards are divided by: deviation in the `group`, of the step (`batch`), or `none`; TRL's."""
    use_bias_correction_kl: bool = True
    """Multiply a token's KL by its ratio, as TRL does."""
    off_policy_mask_threshold: float | None = None
    """Leave responses of negative advantage out whose tokens have become less likely by more nats on average than
    this, > 0; TRL's none leaves none out."""
    max_completion_length: int | None = None
    """Tokens that `dr_grpo` divides by, > 0, as in TRL the sampler's limit; none with every other type."""

    @property
    def upper(self) -> float:
        """How far above 1 a ratio counts; for `cispo` the largest ratio."""
        return self.epsilon if self.epsilon_high is None else self.epsilon_high

    def __post_init__(self) -> None:
        require_at_least_zero(self, "kl_weight")
        require_above_zero(self, "epsilon")
        require_finite_or_none(self, "epsilon_high", "off_policy_mask_threshold", "max_completion_length", above=0)
        require_finite_or_none(self, "delta", above=1)
        require_one_of(self, "loss_type", *get_args(LossType))
        require_one_of(self, "scale_rewards", *get_args(Scale))
        require_one_of(self, "importance_sampling_level", "token", "sequence")
        sized, level = self.max_completion_length is not None, self.importance_sampling_level
        expected = "a number with loss_type dr_grpo, and only then"
        require(sized == (self.loss_type == "dr_grpo"), "max_completion_length", expected, self.max_completion_length)
        self._refuse_unread_bounds()
        fitting = {"luspo": "sequence", "vespo": "token"}.get(self.loss_type, level)
        require(level == fitting, "importance_sampling_level", f"{fitting} with {self.loss_type}", level)

    def _refuse_unread_bounds(self) -> None:
        """Bounds of ratios that the loss type does not read; `cispo` takes `epsilon` for a cap that is not there."""
        kind, default = f"with loss_type {self.loss_type}", type(self).epsilon
        if self.loss_type in (*WITHOUT_CLIP, "cispo"):
            require(self.delta is None, "delta", f"none {kind}", self.delta)
        if self.loss_type in WITHOUT_CLIP:
            require(self.epsilon == default, "epsilon", f"its default {default} {kind}", self.epsilon)
            require(self.epsilon_high is None, "epsilon_high", f"none {kind}", self.epsilon_high)
        if self.loss_type == "cispo" and self.epsilon_high is not None:
            require(self.epsilon == default, "epsilon", f"its default {default} {kind} and epsilon_high", self.epsilon)
