"""INPO: the pair's margin against a mixture of the reference and the last round's policy is regressed on one number.

Zhang et al. 2024, arXiv:2407.00617. Over pairs of the policy that the round starts from, whose winner is drawn by
P(y preferred to y'), the minimiser is one step of mirror descent in the game that the KL to the reference regularises:
next ~ exp(P(y over previous) / eta) ref^(tau/eta) previous^(1 - tau/eta). Everything is summed over the response. The
form is that of two independent write-ups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require, require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair, previous_log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of INPO."""

    eta: float = 0.0075
    """Inverse step size, > 0: the target of the margin is 1 / (2 eta) nats; 0.0075 is a write-up's, not read in the
    paper."""
    tau: float = 0.0025
    """Strength of the pull to the reference, > 0 and below eta; a third of eta is a write-up's, not read in the
    paper."""

    def __post_init__(self) -> None:
        require_above_zero(self, "eta", "tau")
        require(self.tau < self.eta, "tau", f"a number below eta = {self.eta}", self.tau)


def log_ratio_to_mixture(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] nats: summed log-ratio to ref^(tau/eta) previous^(1 - tau/eta), which is not normalised."""
    share = hyper.tau / hyper.eta
    return share * log_ratio(scores) + (1 - share) * previous_log_ratio(scores)


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] eta * log-ratio to the mixture; the loss wants a margin of one half."""
    return hyper.eta * log_ratio_to_mixture(scores, hyper)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] squared distance of the margin from 1 / (2 eta)."""
    chosen, rejected = pair(log_ratio_to_mixture(scores, hyper))
    return (chosen - rejected - 1 / (2 * hyper.eta)).square()


METHOD = Method(
    name="inpo",
    paper=Paper(
        "Zhang et al.",
        2024,
        arxiv="2407.00617",
        title="Iterative Nash Policy Optimization: Aligning LLMs with General Preferences via No-Regret Learning",
        note="Two independent write-ups agree on the form; the paper was not read.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.PREVIOUS}),
    monotone_in_chosen=False,
    monotone_reason="The margin is pulled to 1 / (2 eta) from both sides.",
    family=Family.PAIRWISE,
    equation=(
        "L = (m_w - m_l - 1 / (2 eta))^2\n"
        "m = log pi - (tau/eta) log ref - (1 - tau/eta) log previous, summed over y\n"
        "previous: the policy that the round starts from"
    ),
    collisions=("A public class called INPOTrainer computes the targets of SPPO.",),
    open_question=(
        "The form is from two write-ups that agree and the constants from one; neither was read in the paper."
    ),
)
