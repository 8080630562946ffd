"""PPO: a critic beside the policy, a KL penalty for each token, generalised advantages, clipped ratios and values.

Schulman et al. 2017, arXiv:1707.06347, for language models as TRL 1.12.0 has it (trl/experimental/ppo), the last
release with all of it. The critic is one linear map of the policy's states, trained beside it; its gradient does not
reach the policy, and it is left behind at the end. Token rewards are made of what policy and reference said when the
responses were drawn, advantages of these and of what the critic said then. A response without a reward adds nothing to
either sum; the means are over all tokens of the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from benchbench.core import policy_gradient as pg
from benchbench.core.method import Candidates, Family, Head, Method, Need, Over, Paper, Term
from benchbench.core.scores import Scores, log_ratio
from benchbench.methods.ppo import advantages as tokens
from benchbench.methods.ppo.hyper import Hyper

if TYPE_CHECKING:
    from torch import Tensor


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] kl_weight * summed log-ratio to the reference: the reward whose optimum the policy is."""
    return hyper.kl_weight * log_ratio(scores)


def targets(scores: Scores, hyper: Hyper) -> tuple[Tensor, Tensor, Tensor]:
    """[B, K, T] which tokens count, their whitened advantages, and the returns that the critic is to give.

    Without gradient; advantages are whitened over the tokens of the whole step.
    """
    score = scores.reward.to(scores.policy.token)
    mask = scores.policy.response & ~score.isnan().unsqueeze(-1)
    drawn, reference = scores.behaviour.token.detach(), scores.reference.token.detach()
    values = scores.value.detach().to(drawn) * mask
    shaped = scores.shaped("token_rewards")
    if shaped is None:
        kl = tokens.divergence(drawn, reference, hyper.kl_estimator) * mask
        rewards = tokens.token_rewards(score.nan_to_num(), kl, tokens.last_of(mask), hyper.kl_weight)
    else:
        rewards = shaped.to(drawn) * mask
    if hyper.whiten_rewards:
        rewards = tokens.whitened(rewards, mask, shift=False)
    raw = tokens.generalised_advantages(rewards, values, gamma=hyper.gamma, lam=hyper.lam) * mask
    return mask, tokens.whitened(raw, mask, shift=True), raw + values


def loss(scores: Scores, hyper: Hyper) -> dict[str, Term]:
    """The policy's term and the critic's, each a mean over all response tokens of the step."""
    mask, advantages, returns = targets(scores, hyper)
    policy = tokens.policy_loss(pg.token_log_ratio(scores), advantages, hyper.epsilon) * mask
    values = scores.head[..., 0].to(returns)
    error = tokens.value_loss(values, scores.value.to(returns), returns, hyper.value_epsilon) * mask
    return {
        "policy": Term(policy.sum(dim=(-1, -2)), Over.RESPONSE_TOKENS),
        "value": Term(hyper.value_weight * error.sum(dim=(-1, -2)), Over.RESPONSE_TOKENS),
    }


def watched(scores: Scores, hyper: Hyper) -> Mapping[str, Tensor]:
    """[B] share of tokens whose ratio is outside of the clip, and mean value of a token when it was drawn."""
    beyond = pg.outside(pg.ratio(pg.token_log_ratio(scores)), hyper.epsilon, hyper.epsilon) * scores.policy.response
    length = scores.policy.length()
    return {
        "online/clip_share": (beyond.sum(dim=-1) / length).mean(dim=-1),
        "online/value": (scores.value.to(length).sum(dim=-1) / length).mean(dim=-1),
    }


METHOD = Method(
    name="ppo",
    paper=Paper(
        "Schulman et al.",
        2017,
        arxiv="1707.06347",
        title="Proximal Policy Optimization Algorithms",
        note=(
            "Rewards, returns, advantages, both losses and their gradients agree with TRL 1.12.0, PPOTrainer; its "
            "place of the score and its separate critic are not offered."
        ),
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    watched=watched,
    needs=frozenset({Need.REFERENCE, Need.REWARD.with_options(missing="keep"), Need.BEHAVIOUR, Need.VALUE}),
    head=Head(outputs=lambda hyper: 1, place="tokens", through=False, rate=lambda hyper: hyper.value_rate),
    candidates=Candidates.ANY,
    on_policy=True,
    coupled=True,
    shaped={"token_rewards": {"kl_weight": 0.0, "kl_estimator": "k1"}},
    monotone_in_chosen=False,
    monotone_reason="A token that is worth less than the critic expected costs more the more likely it is.",
    family=Family.POINTWISE,
    equation=(
        "r_t = -kl_weight log(behaviour_t / ref_t) + [t is the last] reward\n"
        "A_t = sum over k >= t of (gamma lam)^(k-t) (r_k + gamma V_(k+1) - V_k)\n"
        "-min( rho_t A, clip(rho_t) A ) + value_weight / 2 max of squared errors"
    ),
    differs={
        "TRL 1.12.0, PPOTrainer": (
            "there the score, and one more value, stand one place behind the last token where the batch is wide "
            "enough, the critic is a model of its own, advantages are whitened over all rows of a draw, and a "
            "response without an end may lose `missing_eos_penalty`"
        )
    },
)
