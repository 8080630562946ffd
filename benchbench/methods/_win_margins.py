"""Losses that regress a margin of summed log-ratios on a difference of two probabilities of winning, over beta.

The form is that of IPO (arXiv:2310.12036) with a target of each pair's own; methods differ in which probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of a regression on differences of probabilities."""

    beta: float = 0.1
    """Strength of the pull to the reference, > 0: the target margin, in nats, is a difference of probabilities over
    beta; 0.1 is IPO's in TRL (of means there), and that of the script of EGPO's authors."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference, in units of a probability of winning."""
    return hyper.beta * log_ratio(scores)


def rates_loss(scores: Scores, hyper: Hyper, column: str) -> Tensor:
    """[B] `loss` of the difference of two win rates, which a column has per response."""
    first, second = pair(scores.column(column).to(scores.policy.token))
    return loss(scores, hyper, first - second)


def loss(scores: Scores, hyper: Hyper, target: Tensor) -> Tensor:
    """[B] squared distance of the margin of the pair's log-ratios from target / beta.

    Args:
        scores: of pairs, with a reference.
        hyper: beta.
        target: [B] differences of probabilities, in [-1, 1].
    """
    first, second = pair(log_ratio(scores))
    return (first - second - target / hyper.beta).square()
