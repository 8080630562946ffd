"""ONPO: one fit of optimistic online mirror descent, whose anchor is the policy that the fit starts from.

Zhang et al. 2025, arXiv:2502.16852. A round has two such fits on the same pairs of the current policy: the auxiliary
policy from its last self, then the policy from the new auxiliary one. This is the loss of either; `rounds.fits: 2` has
both in a round. eta is a step size, the inverse of INPO's. Everything is summed over the
response. The form is that of a write-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, pair, previous_log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of ONPO."""

    eta: float = 10.0
    """Step size, > 0: the target of the margin is eta / 2 nats; 10 is ours, IPO's target at its beta of 0.1."""

    def __post_init__(self) -> None:
        require_above_zero(self, "eta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] log-ratio to the policy that the round starts from, over eta; the loss wants a margin of one half."""
    return previous_log_ratio(scores) / hyper.eta


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] squared distance of the margin from eta / 2."""
    chosen, rejected = pair(previous_log_ratio(scores))
    return (chosen - rejected - hyper.eta / 2).square()


METHOD = Method(
    name="onpo",
    paper=Paper(
        "Zhang et al.",
        2025,
        arxiv="2502.16852",
        title="Improving LLM General Preference Alignment via Optimistic Online Mirror Descent",
        note="The form is a write-up's; the paper was not read.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.PREVIOUS}),
    monotone_in_chosen=False,
    monotone_reason="The margin is pulled to eta / 2 from both sides.",
    family=Family.PAIRWISE,
    equation=(
        "L = (g_w - g_l - eta / 2)^2\n"
        "g = log pi(y|x) - log previous(y|x), summed over y\n"
        "previous: the policy that the fit starts from"
    ),
    differs={"`ipo` with reduction sum": "the same at beta = 1 / eta, with the reference in the place of previous"},
    open_question="The form is a write-up's, and no hyper-parameter of the authors' is known.",
)
