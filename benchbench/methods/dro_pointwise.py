"""DRO with given values: regression of each candidate's log-ratio to its reward above the prompt's value.

Richemond et al. 2024, arXiv:2405.19107, DRO-V. With rho the summed log-ratio to the reference, r the reward and V the
value of the prompt,

    loss = mean_i (1 / tau) (1/2) (r_i - V - tau rho_i)^2

The paper rescales the policy's gradient by 1 / tau and learns V with a network of its own, by the same square unscaled.
Here V is a column of the data, such as the mean reward of the prompt's responses, so this is the policy's half alone.
The paper's rewards have mean 0 and variance 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of DRO."""

    tau: float = 1.0
    """Reward per nat of summed log-ratio, > 0; 1 is the paper's, which found 0.1 and 5 worse."""

    def __post_init__(self) -> None:
        require_above_zero(self, "tau")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] tau * summed log-ratio to the reference."""
    return hyper.tau * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] half squared errors over tau, averaged over the candidates of a list."""
    score = reward(scores, hyper)
    value = scores.column("value").to(score)[:, None]
    return (scores.reward.to(score) - value - score).square().mean(dim=-1) / (2 * hyper.tau)


METHOD = Method(
    name="dro_pointwise",
    paper=Paper(
        "Richemond et al.",
        2024,
        arxiv="2405.19107",
        title="Offline Regularised Reinforcement Learning for Large Language Models Alignment",
        note="The policy's half of DRO-V; its value network is no part of this method.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.REWARD}),
    columns=(Column("value"),),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="Every candidate has a target, beyond which a larger likelihood costs again.",
    family=Family.POINTWISE,
    equation="loss = mean_i (r_i - V - tau rho_i)^2 / (2 tau)",
    differs={"DRO-V (the paper)": "learns V with a network of its own beside the policy; here V is given"},
    collisions=(
        "Diffusion-DRO (arXiv:2510.18353) is a hinge for diffusion models.",
        "Distributionally robust optimisation, as in Dr. DPO, is called DRO too.",
    ),
)
