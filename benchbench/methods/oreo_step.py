"""OREO on steps: the policy and a value fit the soft Bellman equation at the steps of given responses.

Wang et al. 2024, arXiv:2412.16145, eq. 8-10 with a step of reasoning as the action. With q_s the summed log-ratio of
step s to the reference, R the reward, V_s the value before step s, and means over the steps of a response,

    value  = mean_s (V_s - R + beta sum_{i>=s} q_i)^2                           no gradient through q
    policy = mean_s (V_s - R + beta q_s + beta sum_{i>s} q_i)^2                 gradient through q_s alone
    kl     = weight * mean over tokens of KL(pi || ref) of the next-token distributions

Steps are the spans `step`, numbered from 1 (transform `step_spans`). Tokens and whole responses are `oreo`. Checked
against the authors' code, jwhj/OREO at 6f7403b, openrlhf/trainer/pcl_trainer.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Family, Head, Method, Need, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, single
from benchbench.core.trajectories import begins_step, of_steps, soft_bellman

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of OREO on steps."""

    beta: float = 0.03
    """Reward per nat of log-ratio, > 0; 0.03 is the authors' code's."""
    kl_weight: float = 0.01
    """Weight of the KL to the reference, per nat, >= 0; 0.01 is the authors' code's."""
    value_rate: float = 1.0
    """Learning rate of the value head over that of the policy, > 0; 1 is the authors', for a whole network."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "value_rate")
        require_at_least_zero(self, "kl_weight")


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
    begins = begins_step(scores.token_weights("step")[:, 0], response)  # [B, T]
    ratio = of_steps(hyper.beta * (scores.policy.token - scores.reference.token)[:, 0], begins)
    value, target = scores.head[:, 0, :, 0].to(ratio), scores.reward[:, :1].to(ratio)
    of_value, of_policy = soft_bellman(ratio, value, target, begins)
    kl = scores.distribution[:, 0].to(ratio).sum(dim=-1) / length
    return {"value": Term(of_value), "policy": Term(of_policy), "kl": Term(hyper.kl_weight * kl)}


METHOD = Method(
    name="oreo_step",
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
    token_weights=("step",),
    head=Head(
        outputs=lambda hyper: 1, place="tokens", reads="reference", through=False, rate=lambda hyper: hyper.value_rate
    ),
    monotone_in_chosen=False,
    monotone_reason="What a response's reward leaves for its log-ratio is a target, beyond which it costs again.",
    family=Family.TOKEN_LEVEL,
    equation=(
        "value  = mean_s (V_s - R + beta sg[sum_{i>=s} q_i])^2\n"
        "policy = mean_s (sg[V_s] - R + beta q_s + beta sg[sum_{i>s} q_i])^2\n"
        "loss = value + policy + w mean_t KL_t(pi || ref);  sg: no gradient"
    ),
    differs={
        "the paper, jwhj/OREO": "V is a model of its own, updated before the policy in each step; here one linear map "
        "of the frozen reference's states, updated with it",
    },
)
