"""GRPO: token-wise clipped policy gradient, rewards standardised within the responses to one prompt, KL in the loss.

Shao et al. 2024, arXiv:2402.03300, with the loss types of TRL 1.16.0 (trl/trainer/grpo_trainer.py), whose defaults
these are; variant `paper` has the paper's loss type and KL weight, from memory and not read again; the groups there had
64 responses (`num_samples`). Rewards of several functions, standardised one by one, are not offered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchbench.core import policy_gradient as pg
from benchbench.core.method import Candidates, Family, Method, Need, Paper, Term
from benchbench.core.scores import Scores, log_ratio
from benchbench.methods.grpo import ratio_losses
from benchbench.methods.grpo.hyper import Hyper

if TYPE_CHECKING:
    from torch import Tensor


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] kl_weight * summed log-ratio to the reference: the reward whose optimum the policy is."""
    return hyper.kl_weight * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> dict[str, Term]:
    """The policy's term and that of the KL, averaged as the loss type says.

    Raises:
        ValueError: K is 1; a group of one has no deviation.
    """
    pg.require_several(scores)
    advantages = scores.shaped("advantages")
    if advantages is None:
        advantages = pg.group_relative(scores.reward.to(scores.policy.token), hyper.scale_rewards)
    log_ratios = ratio_losses.log_ratios(scores, hyper.importance_sampling_level)
    policy = ratio_losses.policy_loss(scores, advantages, log_ratios, hyper)
    divergence = pg.k3(scores.policy.token, scores.reference.token)
    if hyper.use_bias_correction_kl:
        divergence = divergence * pg.ratio(log_ratios)
    values = {"policy": policy, "kl": hyper.kl_weight * divergence}
    if (weights := scores.shaped("token_weights")) is not None:
        values = {name: value * weights for name, value in values.items()}
    return {name: ratio_losses.reduced(value, scores, hyper) for name, value in values.items()}


METHOD = Method(
    name="grpo",
    paper=Paper(
        "Shao et al.",
        2024,
        arxiv="2402.03300",
        title="DeepSeekMath: Pushing the Limits of Mathematical Reasoning in Open Language Models",
        note=(
            "Checked against TRL 1.16.0, trl/trainer/grpo_trainer.py. The values of variant paper are from memory, and "
            "were not checked against the paper."
        ),
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    watched=ratio_losses.clip_share,
    variants={"default": {}, "paper": {"loss_type": "grpo", "kl_weight": 0.04}},
    needs=frozenset({Need.REFERENCE, Need.REWARD.with_options(missing="keep"), Need.BEHAVIOUR}),
    candidates=Candidates.ANY,
    on_policy=True,
    coupled=lambda hyper: hyper.scale_rewards == "batch",
    shaped={"advantages": {"scale_rewards": "group"}, "token_weights": {"importance_sampling_level": "token"}},
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
