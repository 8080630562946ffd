"""SRPO: a policy and its own improver, trained by squares on one pair under plain and revision prompts.

Choi et al. 2024, arXiv:2406.01660. With rho the summed log-ratio of a response after the prompt, and q(a|b) that of a
after a prompt that shows b and asks for a better response,

    improver  = (1/2 - beta (q(w|l) - q(l|l)))^2 + (1/2 - beta (q(w|w) - q(l|w)))^2
    policy    = (1/2 - (beta / 2) (rho_w - rho_l + q(w|l) - q(l|w)))^2
    loss      = (1 - alpha) policy + alpha improver

derived from the paper's min-max objective (inner and outer optimum in closed form, a response beats itself with
probability 1/2); the constants in the paper itself were not compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Family, Method, Need, Paper, Term
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.scores import Scores, each_of, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of SRPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is ours, the paper's was not seen."""
    alpha: float = 0.5
    """Share of the improver's loss, in [0, 1]; 0.5 is ours, the paper's was not seen."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "alpha", "[0, 1]")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 6] beta * summed log-ratio to the reference, each after its own prompt."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] weighted squares of the policy's and of the improver's conditions."""
    chosen, rejected, w_after_l, l_after_l, l_after_w, w_after_w = each_of(reward(scores, hyper), 6)
    policy = (0.5 - (chosen - rejected + w_after_l - l_after_w) / 2).square()
    improver = (0.5 - (w_after_l - l_after_l)).square() + (0.5 - (w_after_w - l_after_w)).square()
    return {"policy": Term((1 - hyper.alpha) * policy), "improver": Term(hyper.alpha * improver)}


METHOD = Method(
    name="srpo",
    paper=Paper(
        "Choi et al.",
        2024,
        arxiv="2406.01660",
        title="Self-Improving Robust Preference Optimization",
        note="Losses derived from the objective; values checked against an independent calculation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    candidates=Candidates.ANY,
    roles=(
        "chosen",
        "rejected",
        "chosen_after_rejected",
        "rejected_after_rejected",
        "rejected_after_chosen",
        "chosen_after_chosen",
    ),
    monotone_in_chosen=False,
    monotone_reason="The margin has a target, beyond which a larger likelihood costs again.",
    family=Family.PAIRWISE,
    equation=(
        "policy = (1/2 - beta/2 (rho_w - rho_l + q(w|l) - q(l|w)))^2\n"
        "improver = (1/2 - beta (q(w|l) - q(l|l)))^2 + (1/2 - beta (q(w|w) - q(l|w)))^2\n"
        "loss = (1 - alpha) policy + alpha improver"
    ),
    collisions=("SRPO is also the name of methods for diffusion models.",),
    open_question="Derived from the paper's objective; its constants, alpha and beta were not compared with the paper.",
)
