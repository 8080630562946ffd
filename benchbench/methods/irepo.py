"""iREPO: the margin of implicit rewards is regressed on the log-odds of the annotators' votes.

Le et al. 2024, arXiv:2405.15230. The column `p_votes` is the share of annotators who prefer the first candidate; where
it is fitted over more candidates (the paper's Zermelo ranking), it is the sigmoid of the difference of the fitted
scores. Shares of 0 and 1 have infinite log-odds and are held at `clip`. Left aside: the rounds of self-generated pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of iREPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    clip: float = 0.01
    """Distance from 0 and 1 at which a share is held, in (0, 0.5); 0.01 is ours, the paper's is not known to us."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "clip", "(0, 0.5)")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] squared distance of the reward margin from the log-odds of the votes."""
    chosen, rejected = pair(reward(scores, hyper))
    votes = scores.column("p_votes").to(chosen).clamp(hyper.clip, 1 - hyper.clip)
    return (chosen - rejected - votes.logit()).square()


METHOD = Method(
    name="irepo",
    paper=Paper(
        "Le et al.",
        2024,
        arxiv="2405.15230",
        title="iREPO: implicit Reward Pairwise Difference based Empirical Preference Optimization",
        note="Form from the abstract and a secondary source; constants are not known.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("p_votes", low=0.0, high=1.0),),
    monotone_in_chosen=False,
    monotone_reason="The margin is pulled to its target from both sides.",
    family=Family.PAIRWISE,
    equation=(
        "L = (beta h - log(p / (1 - p)))^2, p = column p_votes, held off 0 and 1\n"
        "h = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed"
    ),
    open_question=(
        "The form is from the abstract and a secondary source; its constants, such as beta and the "
        "clipping, are not known."
    ),
)
