"""GRPO: token-wise clipped policy gradient, rewards standardised within the responses to one prompt, KL in the loss.

Shao et al. 2024, arXiv:2402.03300, with the loss types of TRL 1.16.0 (trl/trainer/grpo_trainer.py), whose defaults
these are; the paper's form is loss type `grpo` with a KL weight. Rewards of several functions, standardised one by one,
are not offered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from benchbench.core import policy_gradient as pg
from benchbench.core import ratio_losses
from benchbench.core.method import Candidates, Family, Method, Need, Paper, Term
from benchbench.core.ranges import (
    require,
    require_above_zero,
    require_at_least_zero,
    require_finite_or_none,
    require_one_of,
)
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of GRPO; the names are TRL's but for `kl_weight`."""

    kl_weight: float = 0.0
    """Weight of the KL to the reference, estimated per token (k3), >= 0; `beta` in TRL, and 0 there."""
    loss_type: ratio_losses.LossType = "dapo"
    """How tokens count: `grpo`, `sapo` mean over a response's tokens, then over responses; `dapo`, `bnpo`, `cispo`,
    `vespo` mean over all tokens of the step; `dr_grpo` sum over `max_completion_length`; `luspo` sum. TRL's."""
    epsilon: float = 0.2
    """How far below 1 a ratio counts, > 0, and above, unless `epsilon_high` says otherwise; TRL's."""
    epsilon_high: float | None = None
    """How far above 1 a ratio counts, > 0; for `cispo` the largest ratio; none takes `epsilon`, as TRL does."""
    delta: float | None = None
    """Largest ratio where a negative advantage is not clipped, > 1; TRL's none has no largest."""
    importance_sampling_level: Literal["token", "sequence"] = "token"
    """A ratio for each token, or for each response: exp of its tokens' mean log-ratio (GSPO, arXiv:2507.18071).
    TRL's default."""
    scale_rewards: pg.Scale = "group"
    """What centred rewards are divided by: deviation in the `group`, of the step (`batch`), or `none`; TRL's."""
    use_bias_correction_kl: bool = True
    """Multiply a token's KL by its ratio, as TRL does."""
    off_policy_mask_threshold: float | None = None
    """Leave responses of negative advantage out whose tokens have become less likely by more nats on average than
    this, > 0; TRL's none leaves none out."""
    max_completion_length: int | None = None
    """Tokens that `dr_grpo` divides by, > 0, as in TRL the sampler's limit; none with every other type."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "kl_weight")
        require_above_zero(self, "epsilon")
        require_finite_or_none(self, "epsilon_high", "off_policy_mask_threshold", "max_completion_length", above=0)
        require_finite_or_none(self, "delta", above=1)
        require_one_of(self, "loss_type", *get_args(ratio_losses.LossType))
        require_one_of(self, "scale_rewards", *get_args(pg.Scale))
        require_one_of(self, "importance_sampling_level", "token", "sequence")
        sized, level = self.max_completion_length is not None, self.importance_sampling_level
        expected = "a number with loss_type dr_grpo, and only then"
        require(sized == (self.loss_type == "dr_grpo"), "max_completion_length", expected, self.max_completion_length)
        fitting = {"luspo": "sequence", "vespo": "token"}.get(self.loss_type, level)
        require(level == fitting, "importance_sampling_level", f"{fitting} with {self.loss_type}", level)


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] kl_weight * summed log-ratio to the reference: the reward whose optimum the policy is."""
    return hyper.kl_weight * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> dict[str, Term]:
    """The policy's term and that of the KL, averaged as the loss type says.

    Raises:
        ValueError: K is 1; a group of one has no deviation.
    """
    pg.require_several(scores)
    advantages = pg.group_relative(scores.reward.to(scores.policy.token), hyper.scale_rewards)
    log_ratios = ratio_losses.log_ratios(scores, hyper.importance_sampling_level)
    policy = ratio_losses.policy_loss(scores, advantages, log_ratios, hyper)
    divergence = pg.k3(scores.policy.token, scores.reference.token)
    if hyper.use_bias_correction_kl:
        divergence = divergence * pg.ratio(log_ratios)
    values = {"policy": policy, "kl": hyper.kl_weight * divergence}
    return {name: ratio_losses.reduced(value, scores, hyper) for name, value in values.items()}


METHOD = Method(
    name="grpo",
    paper=Paper(
        "Shao et al.",
        2024,
        arxiv="2402.03300",
        title="DeepSeekMath: Pushing the Limits of Mathematical Reasoning in Open Language Models",
        note="Checked against TRL 1.16.0, trl/trainer/grpo_trainer.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    watched=ratio_losses.clip_share,
    needs=frozenset({Need.REFERENCE, Need.REWARD.with_options(missing="keep"), Need.BEHAVIOUR}),
    candidates=Candidates.ANY,
    on_policy=True,
    coupled_where=lambda hyper: hyper.scale_rewards == "batch",
    monotone_in_chosen=False,
    monotone_reason="A response that is worth less than the mean costs more the more likely it is.",
    family=Family.LISTWISE,
    equation=(
        "A = (r - mean) / (sd + 1e-4),  rho_t = pi(y_t) / behaviour(y_t)\n"
        "-min( rho_t A, clip(rho_t) A ) + kl_weight rho_t (e^d - d - 1)\n"
        "d = log ref(y_t) - log pi(y_t)"
    ),
    differs={"TRL 1.16.0": "the same, but for the mean of bnpo, which is over the step and not the microbatch"},
)
