"""Loss types of GRPO's family over tokens and ratios, and how each averages, as TRL 1.16.0 has them.

trl/trainer/grpo_trainer.py. GSPO (sequence-level ratios), CISPO, SAPO, VESPO and LUSPO are names of these types.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core import policy_gradient as pg
from benchbench.core.method import Over, Term
from benchbench.core.scores import Scores
from benchbench.methods.grpo.hyper import WITHOUT_CLIP, Hyper

if TYPE_CHECKING:
    from torch import Tensor

OVER_TOKENS = ("bnpo", "dapo", "cispo", "vespo")
"""Types that are a mean over all tokens of the step."""
SAPO_TEMPERATURES = 1.0, 1.05
"""Of positive advantages, and of the others."""
VESPO_SHAPES = (2.0, 3.0), (3.0, 2.0)
"""(k, lambda) of advantages that are not negative, and of negative ones."""
VESPO_LOWEST_WEIGHT, VESPO_LARGEST_EXPONENT = 1e-8, 20.0


def log_ratios(scores: Scores, level: Literal["token", "sequence"]) -> Tensor:
    """[B, K, T] log-ratios to the behaviour per token, or [B, K, 1] their mean over each response."""
    tokens = pg.token_log_ratio(scores)
    return tokens if level == "token" else (tokens.sum(dim=-1) / scores.policy.length()).unsqueeze(-1)


def policy_loss(scores: Scores, advantages: Tensor, log_ratio: Tensor, hyper: Hyper) -> Tensor:
    """[B, K, T] the loss of each token, before it is masked and averaged.

    Args:
        scores: of the step's rows.
        advantages: [B, K].
        log_ratio: of `log_ratios`.
        hyper: which of the types, and its clips.
    """
    weight = advantages.unsqueeze(-1)  # [B, K, 1]
    ratios = pg.ratio(log_ratio)
    if hyper.loss_type == "cispo":
        losses = -ratios.clamp(max=hyper.upper).detach() * weight * scores.policy.token
    elif hyper.loss_type == "sapo":
        losses = -_soft_gate(ratios, weight) * weight
    elif hyper.loss_type == "vespo":
        losses = -_vespo_weight(scores, weight) * weight * scores.policy.token
    else:
        losses = -pg.clipped_objective(ratios, weight, hyper.epsilon, hyper.upper, most=hyper.delta)
    if hyper.off_policy_mask_threshold is None:
        return losses
    drift = -pg.token_log_ratio(scores).detach().sum(dim=-1) / scores.policy.length()  # [B, K] nats per token
    return losses * ((advantages >= 0) | (drift <= hyper.off_policy_mask_threshold)).unsqueeze(-1)


def reduced(losses: Tensor, scores: Scores, hyper: Hyper) -> Term:
    """The term of [B, K, T] or [B, K, 1] losses of tokens, averaged as the loss type says."""
    sums = (losses * scores.policy.response).sum(dim=-1)  # [B, K]
    if hyper.loss_type in OVER_TOKENS:
        return Term(sums.sum(dim=-1), Over.RESPONSE_TOKENS)
    if hyper.loss_type == "dr_grpo":
        assert hyper.max_completion_length is not None, "checked with the hyper-parameters"
        return Term(sums.mean(dim=-1) / hyper.max_completion_length)
    if hyper.loss_type == "luspo":
        return Term(sums.mean(dim=-1))
    return Term((sums / scores.policy.length()).mean(dim=-1))


def clip_share(scores: Scores, hyper: Hyper) -> Mapping[str, Tensor]:
    """[B] share of response tokens whose ratio is outside of the clip, under the name it is logged by.

    `cispo` caps ratios from above alone; nothing is logged of types without a clip.
    """
    if hyper.loss_type in WITHOUT_CLIP:
        return {}
    ratios, high = pg.ratio(log_ratios(scores, hyper.importance_sampling_level)), hyper.upper
    outside = (ratios > high).to(ratios) if hyper.loss_type == "cispo" else pg.outside(ratios, hyper.epsilon, high)
    beyond = outside * scores.policy.response
    return {"online/clip_share": (beyond.sum(dim=-1) / scores.policy.length()).mean(dim=-1)}


def _soft_gate(ratios: Tensor, weight: Tensor) -> Tensor:
    """4 / tau sigmoid(tau (ratio - 1)), with a temperature tau for positive advantages and one for others."""
    positive, others = SAPO_TEMPERATURES
    temperature = (weight > 0).to(ratios) * (positive - others) + others
    return 4 / temperature * F.sigmoid(temperature * (ratios - 1))


def _vespo_weight(scores: Scores, weight: Tensor) -> Tensor:
    """[B, K, 1] exp(lambda + k log w - lambda w), without gradient, of the sequence's held ratio w."""
    bound = VESPO_LARGEST_EXPONENT
    total = pg.token_log_ratio(scores).detach().clamp(-bound, bound).sum(dim=-1, keepdim=True)
    logs = total.clamp(math.log(VESPO_LOWEST_WEIGHT), bound)
    (k_up, lambda_up), (k_down, lambda_down) = VESPO_SHAPES
    up = (weight >= 0).to(logs)
    power, slope = up * (k_up - k_down) + k_down, up * (lambda_up - lambda_down) + lambda_down
    return (slope + power * logs - slope * logs.exp()).exp()
