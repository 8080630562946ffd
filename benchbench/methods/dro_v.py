"""DRO-V: regression of each response's log-ratio to its reward above a learned value of the prompt.

Richemond et al. 2024, arXiv:2405.19107. With rho the summed log-ratio to the reference, r the reward and V the value
that a head has for the prompt,

    value  = (1/2) (r - V - tau rho)^2                no gradient through rho
    policy = (1 / tau) (1/2) (r - V - tau rho)^2      no gradient through V

which is the paper's policy gradient, rescaled by 1 / tau. The paper's rewards have mean 0 and variance 1. With values
from the data it is `dro_pointwise`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Family, Head, Method, Need, Paper, Term
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, single

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of DRO-V."""

    tau: float = 1.0
    """Reward per nat of summed log-ratio, > 0; 1 is the paper's, which found 0.1 and 5 worse."""
    value_rate: float = 1.0
    """Learning rate of the value head over that of the policy, > 0; 1 is the paper's, for a whole network."""

    def __post_init__(self) -> None:
        require_above_zero(self, "tau", "value_rate")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 1] tau * summed log-ratio to the reference."""
    return hyper.tau * log_ratio(scores)


def value(scores: Scores) -> Tensor:
    """[B] the head's number where the prompt ends, which is before the first response token."""
    first = scores.policy.response[:, 0].long().argmax(dim=-1, keepdim=True)  # [B, 1]
    return scores.head[:, 0, :, 0].gather(-1, first)[:, 0]


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] half squared errors of the value, and of the policy over tau.

    Raises:
        ValueError: K is not 1; each response has a reward of its own.
    """
    score = single(reward(scores, hyper))
    target, known = scores.reward[:, 0].to(score), value(scores).to(score)
    of_value = (target - known - score.detach()).square() / 2
    of_policy = (target - known.detach() - score).square() / (2 * hyper.tau)
    return {"value": Term(of_value), "policy": Term(of_policy)}


METHOD = Method(
    name="dro_v",
    paper=Paper(
        "Richemond et al.",
        2024,
        arxiv="2405.19107",
        title="Offline Regularised Reinforcement Learning for Large Language Models Alignment",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.REWARD}),
    candidates=Candidates.LABELLED,
    head=Head(
        outputs=lambda hyper: 1, place="tokens", reads="reference", through=False, rate=lambda hyper: hyper.value_rate
    ),
    monotone_in_chosen=False,
    monotone_reason="A response has a target, beyond which a larger likelihood costs again.",
    family=Family.POINTWISE,
    equation=(
        "value  = (r - V(x) - tau sg[rho])^2 / 2\npolicy = (r - sg[V(x)] - tau rho)^2 / (2 tau);  sg: no gradient"
    ),
    differs={
        "the paper": "V is a network of its own with an output per token; here one linear map of the frozen "
        "reference's state at the end of the prompt",
    },
    collisions=(
        "Diffusion-DRO (arXiv:2510.18353) is a hinge for diffusion models: `dro_twin`.",
        "Distributionally robust optimisation, as in Dr. DPO, is called DRO too.",
    ),
)
