"""REBEL: regress the difference of two log-ratios on the difference of two rewards.

Gao et al. 2024, arXiv:2404.16767; code ZhaolinGao/REBEL at 4ad7c11, src/ultrafeedback_largebatch/rebel.py, whose
scaling this has: eta squared times the paper's square. The reference is the policy that wrote the responses. Where
rewards differ by 1 / (2 beta) in favour of the chosen response and eta is 1, it is IPO on sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of REBEL."""

    eta: float = 1.0
    """Nats of log-ratio per unit of reward, > 0; 1 is ours: the code's default of 1e6 is overridden by its own
    commands, and the unit of the reward decides."""

    def __post_init__(self) -> None:
        require_above_zero(self, "eta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] summed log-ratio to the reference over eta, in the unit of the reward; not the reward it is given."""
    return log_ratio(scores) / hyper.eta


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] squared error of the log-ratio margin against eta times the reward margin."""
    chosen, rejected = pair(log_ratio(scores))
    chosen_reward, rejected_reward = pair(scores.reward.to(chosen))
    return (chosen - rejected - hyper.eta * (chosen_reward - rejected_reward)).square()


METHOD = Method(
    name="rebel",
    paper=Paper(
        "Gao et al.",
        2024,
        arxiv="2404.16767",
        title="REBEL: Reinforcement Learning via Regressing Relative Rewards",
        note="Scaling of ZhaolinGao/REBEL at 4ad7c11; checked against an independent calculation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.REWARD}),
    monotone_in_chosen=False,
    monotone_reason="The margin is pulled to eta times the reward margin from both sides.",
    family=Family.PAIRWISE,
    equation=(
        "loss = (r_w - r_l - eta (reward_w - reward_l))^2\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={
        "ZhaolinGao/REBEL at 4ad7c11": "the same; its reference is the policy of the last round",
        "the paper": "the square is of (r_w - r_l) / eta less the reward margin, so smaller by eta squared",
    },
)
