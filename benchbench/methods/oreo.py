"""OREO: the policy and a value fit the soft Bellman equation on given responses, each with a reward of its end.

Wang et al. 2024, arXiv:2412.16145, eq. 8-10. With q_t the log-ratio of token t to the reference, R the reward, V_t the
value before token t, and means over the T tokens of a response,

    value  = mean_t (V_t - R + beta sum_{i>=t} q_i)^2                           no gradient through q
    policy = mean_t (V_t - R + beta q_t + beta sum_{i>t} q_i)^2                 gradient through q_t alone
    kl     = weight * mean_t KL(pi || ref) of the next-token distributions

At `level: response` the policy's square is that of the first place alone, with the gradient through all q. Steps of
reasoning are `oreo_step`. Checked against the authors' code, jwhj/OREO at 6f7403b, openrlhf/trainer/pcl_trainer.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core.method import Candidates, Family, Head, Method, Need, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_one_of
from benchbench.core.scores import Scores, log_ratio, single
from benchbench.core.trajectories import begins_step, of_steps, soft_bellman

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of OREO."""

    beta: float = 0.03
    """Reward per nat of log-ratio, > 0; 0.03 is the authors' code's."""
    kl_weight: float = 0.01
    """Weight of the KL to the reference, per nat, >= 0; 0.01 is the authors' code's."""
    value_rate: float = 1.0
    """Learning rate of the value head over that of the policy, > 0; 1 is the authors', for a whole network."""
    level: Literal["token", "response"] = "token"
    """Whose equation the policy fits: one of token and response; token is the paper's first."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "value_rate")
        require_at_least_zero(self, "kl_weight")
        require_one_of(self, "level", "token", "response")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 1] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Three terms, [B] each: squares of the value, of the policy, and the KL to the reference.

    Raises:
        ValueError: K is not 1; each response has a reward of its own.
    """
    single(scores.policy.sum())
    response, length = scores.policy.response[:, 0], scores.policy.length()[:, 0]
    ratio = hyper.beta * (scores.policy.token - scores.reference.token)[:, 0]  # [B, T]
    value, target = scores.head[:, 0, :, 0].to(ratio), scores.reward[:, :1].to(ratio)
    of_value, of_policy = soft_bellman(ratio, value, target, response)
    if hyper.level == "response":
        first = begins_step(response.to(ratio), response)  # the whole response is one step
        _, of_policy = soft_bellman(of_steps(ratio, first), value, target, first)
    kl = scores.distribution[:, 0].to(ratio).sum(dim=-1) / length
    return {"value": Term(of_value), "policy": Term(of_policy), "kl": Term(hyper.kl_weight * kl)}


METHOD = Method(
    name="oreo",
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2412.16145",
        equation="8-10",
        title="Offline Reinforcement Learning for LLM Multi-Step Reasoning",
        note="Checked against the authors' code, jwhj/OREO.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.REWARD, Need.DISTRIBUTION.with_options(quantity="policy_first")}),
    candidates=Candidates.LABELLED,
    head=Head(
        outputs=lambda hyper: 1, place="tokens", reads="reference", through=False, rate=lambda hyper: hyper.value_rate
    ),
    monotone_in_chosen=False,
    monotone_reason="What a response's reward leaves for its log-ratio is a target, beyond which it costs again.",
    variants={"default": {}, "response": {"level": "response"}},
    family=Family.TOKEN_LEVEL,
    equation=(
        "value  = mean_t (V_t - R + beta sg[sum_{i>=t} q_i])^2\n"
        "policy = mean_t (sg[V_t] - R + beta q_t + beta sg[sum_{i>t} q_i])^2\n"
        "loss = value + policy + w mean_t KL_t(pi || ref);  sg: no gradient"
    ),
    differs={
        "the paper, jwhj/OREO": "V is a model of its own, updated before the policy in each step; here one linear map "
        "of the frozen reference's states, updated with it",
    },
)
