"""CREAM: self-rewarding DPO that trusts a pair as far as two models rank the responses alike.

Wang et al. 2024, arXiv:2410.12735; code Raibows/CREAM at de1d04b, sft_dpo_trainer.py. The column `consistency` is
C = (tau + 1) / 2, tau the Kendall correlation of the current and the previous model's rankings of the prompt's
responses (one value for the data set is the authors' `avg`). The loss is cross-entropy with C as the label, on summed
log-probabilities. Left aside: the rounds that sample, rank and pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of CREAM."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is the authors' code's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] cross-entropy of the reward margin with the consistency; at C = 1 DPO."""
    chosen, rejected = pair(reward(scores, hyper))
    margin = chosen - rejected
    consistency = scores.column("consistency").to(margin)
    return -consistency * F.logsigmoid(margin) - (1 - consistency) * F.logsigmoid(-margin)


METHOD = Method(
    name="cream",
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2410.12735",
        title="CREAM: Consistency Regularized Self-Rewarding Language Models",
        note="Checked against the authors' code; the rounds are not part of the loss.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("consistency", low=0.0, high=1.0),),
    monotone_in_chosen=False,
    monotone_reason=(
        "Where the consistency is below 1 the optimum is finite, log(C / (1 - C)); beyond it a larger margin costs."
    ),
    family=Family.PAIRWISE,
    equation=(
        "L = -C log sigmoid(beta h) - (1 - C) log sigmoid(-beta h)\n"
        "h = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed; C = consistency"
    ),
    differs={
        "Raibows/CREAM de1d04b": "the same loss; its script pairs the values of C with an unfiltered list of keys"
    },
)
