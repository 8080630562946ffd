"""GIPO: IPO with soft labels, by geometric averaging of the two likelihoods.

Furuta et al. 2024, arXiv:2409.06691. The margin h of IPO becomes (2p - 1) h, as in `gdpo`, on summed log-probabilities;
obtained by that substitution, the printed equation was not read. At p = 1/2 the loss is the constant
1 / (4 beta^2), and its optimum 1 / (2 beta (2p - 1)) goes to infinity as p goes to 1/2.
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
    """Hyper-parameters of GIPO."""

    beta: float = 0.1
    """Regularisation, > 0: the target is 1 / (2 beta) nats; 0.1 is IPO's in TRL, the paper's is not known to us."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] squared distance of (2p - 1) times the log-ratio margin from 1 / (2 beta); at p = 1 IPO on sums."""
    chosen, rejected = pair(log_ratio(scores))
    p = scores.column("p_chosen").to(chosen)
    return ((2 * p - 1) * (chosen - rejected) - 1 / (2 * hyper.beta)).square()


METHOD = Method(
    name="gipo",
    paper=Paper(
        "Furuta et al.",
        2024,
        arxiv="2409.06691",
        title="Geometric-Averaged Preference Optimization for Soft Preference Labels",
        note="No public code; values checked against an independent calculation only.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("p_chosen", low=0.0, high=1.0),),
    monotone_in_chosen=False,
    monotone_reason=(
        "The margin is pulled to its target from both sides, and below p = 1/2 the second candidate is "
        "the preferred one."
    ),
    family=Family.PAIRWISE,
    equation=(
        "L = ((2p - 1) h - 1 / (2 beta))^2\nh = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed; p = column p_chosen"
    ),
    open_question=(
        "The equation follows from the paper's construction by substitution; its printed form was not read."
    ),
)
