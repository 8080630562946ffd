"""SPPO: each response's log-ratio is regressed on its win rate.

Wu et al. 2024, arXiv:2405.00675; code uclaml/SPPO at 5e61c4e, sppo/trainer.py: half the sum of two squares, on summed
log-probabilities. The column `win_rate` has, per candidate, the mean probability of winning over the K responses
sampled for the prompt, itself included with 1/2. For the authors' `sppo_single` it holds the pair's own probabilities
p and 1 - p. The rounds are left aside: sampling from the last iterate, which is also the reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of SPPO."""

    beta: float = 0.001
    """Regularisation, > 0: the target of a log-ratio is (win_rate - 1/2) / beta nats; 0.001 is the authors'."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] half the squared distances of the two log-ratios from (win_rate - 1/2) / beta."""
    chosen, rejected = pair(log_ratio(scores))
    wins, losses = pair((scores.column("win_rate").to(chosen) - 0.5) / hyper.beta)
    return 0.5 * ((chosen - wins).square() + (rejected - losses).square())


METHOD = Method(
    name="sppo",
    paper=Paper(
        "Wu et al.",
        2024,
        arxiv="2405.00675",
        title="Self-Play Preference Optimization for Language Model Alignment",
        note="Checked against the authors' code; the rounds are not part of the loss.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("win_rate", low=0.0, high=1.0, per="candidate"),),
    monotone_in_chosen=False,
    monotone_reason="Each log-ratio is pulled to its target from both sides.",
    family=Family.POINTWISE,
    equation=(
        "L = 1/2 [(l_w - (P_w - 1/2) / beta)^2 + (l_l - (P_l - 1/2) / beta)^2]\n"
        "l = log pi(y|x) - log ref(y|x), summed; P = win_rate"
    ),
    differs={
        "uclaml/SPPO 5e61c4e": "the same",
        "TRL, loss_type sppo_hard": "win rates 1 and 0, and the whole sum (the method sppo_hard)",
    },
)
