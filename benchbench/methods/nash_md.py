"""Nash-MD by policy gradient: each response's win rate against a mixture of policy and reference, less a KL per token.

Munos et al. 2023, arXiv:2312.00886, as TRL 1.12.0 computes it (trl/experimental/nash_md), the last release that has it
in whole. The responses are plain samples of the current policy; the column `win_against_mixture` has, per response, the
probability that it is preferred to a sample of policy^(1-m) ref^m (m 1/2 in TRL). The KL is per token and without
return to go. The value of the loss says nothing, its gradient is d/d log pi_t = beta log(pi_t / ref_t) - (P - 1/2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_at_least_zero
from benchbench.core.scores import Scores

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of Nash-MD by policy gradient."""

    beta: float = 0.1
    """Weight of the KL to the reference, >= 0; 0.1 is TRL's."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference, which at the optimum is P - 1/2 up to a constant."""
    return hyper.beta * (scores.policy.sum() - scores.reference.sum())


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] mean over the responses of the KL's surrogate less (P - 1/2) times the summed log-probability."""
    policy = scores.policy
    divergence = ((policy.token - scores.reference.token).detach() * policy.token).sum(dim=-1)
    gain = (scores.column("win_against_mixture").to(divergence) - 0.5) * policy.sum()
    return (hyper.beta * divergence - gain).mean(dim=-1)


METHOD = Method(
    name="nash_md",
    paper=Paper(
        "Munos et al.",
        2023,
        arxiv="2312.00886",
        title="Nash Learning from Human Feedback",
        note="Values and gradients agree with TRL 1.12.0, NashMDTrainer.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("win_against_mixture", low=0.0, high=1.0, per="candidate"),),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="A response that loses to the mixture costs more the likelier it is.",
    on_policy=True,
    family=Family.POINTWISE,
    equation=(
        "L = mean over y of beta sum_t sg[log pi_t - log ref_t] log pi_t\n"
        "                   - (P - 1/2) log pi(y|x)\n"
        "y from the policy, P = win_against_mixture, sg: without gradient"
    ),
    collisions=("The code of EGPO calls this Nash-MD-PG, and a regression (`nash_md_regression` here) Nash-MD.",),
    differs={
        "TRL 1.12.0, NashMDTrainer": "the same, of one response to each prompt; P is sigmoid of a reward difference",
        "`nash_md_regression` here": "a regression on pairs of any sampler",
    },
)
