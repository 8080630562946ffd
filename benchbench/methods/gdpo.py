"""GDPO: DPO with soft labels, by geometric averaging of the two likelihoods.

Furuta et al. 2024, arXiv:2409.06691. With p the probability that the first candidate is preferred, the margin h of DPO
becomes (2p - 1) h, inside the sigmoid, on summed log-probabilities. No code was published; the factor was derived from
the construction and agrees with the paper's Table 1 as others describe it. Not the GDPO of reinforcement learning
(group reward-decoupled), nor other methods of that name.
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
    """Hyper-parameters of GDPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's, the paper's value is not known to us."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of (2p - 1) times the reward margin; at p = 1 DPO, at p = 1/2 the constant log 2.

    Raises:
        ValueError: column 'p_chosen' is not [B] or, on a processor, leaves [0, 1].
    """
    chosen, rejected = pair(reward(scores, hyper))
    p = scores.column("p_chosen").to(chosen)
    if p.shape != chosen.shape:
        raise ValueError(
            f"column 'p_chosen': expected one value per example, shape {tuple(chosen.shape)}, got {tuple(p.shape)}"
        )
    # the data were checked before anything ran; a card would have to be waited for
    if p.device.type == "cpu" and not ((p >= 0) & (p <= 1)).all():
        raise ValueError(
            f"column 'p_chosen': expected probabilities in [0, 1], got {p.min().item()} to {p.max().item()}"
        )
    return -F.logsigmoid((2 * p - 1) * (chosen - rejected))


METHOD = Method(
    name="gdpo",
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
    monotone_reason="Where p_chosen is below one half the second candidate is the preferred one.",
    family=Family.PAIRWISE,
    equation=(
        "-log sigmoid(beta (2p - 1) (h_w - h_l))\nh = log pi(y|x) - log ref(y|x), summed over y; p = column p_chosen"
    ),
    differs={
        "authors' code": "none was published",
        "TRL": "not in TRL",
    },
    collisions=(
        "Group reward-decoupled policy optimisation, a method of reinforcement learning, is called GDPO too.",
        "Several other methods are called GDPO; this one averages likelihoods geometrically.",
    ),
)
